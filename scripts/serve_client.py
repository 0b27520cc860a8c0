"""`python scripts/serve_client.py ...` is `hanet serve-client ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["serve-client", *sys.argv[1:]]))
