"""`python scripts/search.py ...` is `hanet search ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["search", *sys.argv[1:]]))
