"""`python scripts/crossval.py ...` is `hanet crossval ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["crossval", *sys.argv[1:]]))
