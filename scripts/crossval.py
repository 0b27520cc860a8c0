"""`python scripts/crossval.py ...` is `hanet crossval ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["crossval", *sys.argv[1:]]))
