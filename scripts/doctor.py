"""`python scripts/doctor.py ...` is `hanet doctor ...`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main(["doctor", *sys.argv[1:]]))
