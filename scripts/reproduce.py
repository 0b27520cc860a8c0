"""`python scripts/reproduce.py ...` is `hanet reproduce ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["reproduce", *sys.argv[1:]]))
