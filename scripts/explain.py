"""`python scripts/explain.py ...` is `hanet explain ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["explain", *sys.argv[1:]]))
