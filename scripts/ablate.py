"""`python scripts/ablate.py ...` is `hanet ablate ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["ablate", *sys.argv[1:]]))
