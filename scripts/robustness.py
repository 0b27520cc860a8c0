"""`python scripts/robustness.py ...` is `hanet robustness ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["robustness", *sys.argv[1:]]))
