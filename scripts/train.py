"""`python scripts/train.py ...` is `hanet train ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["train", *sys.argv[1:]]))
