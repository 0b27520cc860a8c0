"""`python -m keras_hanet` is `hanet`."""

import sys

from keras_hanet.cli.main import main

if __name__ == "__main__":  # a process that an experiment starts imports this module again
    sys.exit(main())
