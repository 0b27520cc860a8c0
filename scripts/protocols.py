"""`python scripts/protocols.py ...` is `hanet protocols ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["protocols", *sys.argv[1:]]))
