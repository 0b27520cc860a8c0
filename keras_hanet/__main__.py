"""`python -m keras_hanet` is `hanet`."""

import sys

from keras_hanet.cli.main import main

sys.exit(main())
