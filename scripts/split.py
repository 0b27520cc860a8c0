"""`python scripts/split.py ...` is `hanet split ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["split", *sys.argv[1:]]))
