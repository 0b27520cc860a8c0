"""`python scripts/benchmark.py ...` is `hanet benchmark ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["benchmark", *sys.argv[1:]]))
