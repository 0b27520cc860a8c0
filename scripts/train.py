"""`python scripts/train.py ...` is `hanet train ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["train", *sys.argv[1:]]))
