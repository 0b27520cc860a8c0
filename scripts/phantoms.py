"""`python scripts/phantoms.py ...` is `hanet phantoms ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["phantoms", *sys.argv[1:]]))
