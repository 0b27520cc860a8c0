"""`python scripts/audit.py ...` is `hanet audit ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["audit", *sys.argv[1:]]))
