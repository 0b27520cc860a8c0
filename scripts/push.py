"""`python scripts/push.py ...` is `hanet push ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["push", *sys.argv[1:]]))
