"""`python scripts/split.py ...` is `hanet split ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["split", *sys.argv[1:]]))
