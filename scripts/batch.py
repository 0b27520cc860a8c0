"""`python scripts/batch.py ...` is `hanet batch ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["batch", *sys.argv[1:]]))
