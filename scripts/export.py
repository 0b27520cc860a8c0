"""`python scripts/export.py ...` is `hanet export ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["export", *sys.argv[1:]]))
