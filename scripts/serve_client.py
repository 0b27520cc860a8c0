"""`python scripts/serve_client.py ...` is `hanet serve-client ...`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # trainings in processes of their own import this file again
    sys.exit(main(["serve-client", *sys.argv[1:]]))
