"""`python scripts/predict.py ...` is `hanet predict ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["predict", *sys.argv[1:]]))
