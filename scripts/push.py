"""`python scripts/push.py ...` is `hanet push ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["push", *sys.argv[1:]]))
