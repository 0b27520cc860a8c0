"""`python scripts/transfer.py ...` is `hanet transfer ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["transfer", *sys.argv[1:]]))
