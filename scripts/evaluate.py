"""`python scripts/evaluate.py ...` is `hanet evaluate ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["evaluate", *sys.argv[1:]]))
