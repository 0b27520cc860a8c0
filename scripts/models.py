"""`python scripts/models.py ...` is `hanet models ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["models", *sys.argv[1:]]))
