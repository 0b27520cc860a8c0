"""Tasks for tests of `keras_hanet.cluster`: they leave files, and end as they are told."""

import os
import sys
import time


def write(path, code, cores):
    path.write_text(f"{cores} {os.getpid()} {os.getcwd()} {os.environ.get('CUDA_VISIBLE_DEVICES')}")
    sys.exit(code)


def wait_for(path, go, cores):
    """Say that it runs, and end when the file `go` is there."""
    path.write_text("")
    while not go.exists():
        time.sleep(0.05)


def need_a_library():
    import no_such_library  # noqa: F401
