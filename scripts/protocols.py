"""`python scripts/protocols.py ...` is `hanet protocols ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["protocols", *sys.argv[1:]]))
