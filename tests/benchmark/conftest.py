"""One exported folder and one image for the tests of this folder."""

import numpy as np
import pytest
from tiny_exports import write_bright_tflite

from keras_hanet.drawing import write_picture


@pytest.fixture(scope="session")
def bright(tmp_path_factory):
    return write_bright_tflite(tmp_path_factory.mktemp("exports") / "bright")


@pytest.fixture(scope="session")
def half_bright(tmp_path_factory):
    """A grey PNG of 48 x 96 pixels, white in its left half."""
    path = tmp_path_factory.mktemp("images") / "half.png"
    write_picture(path, np.repeat(np.where(np.arange(96) < 48, 255, 0)[None].astype(np.uint8), 48, axis=0))
    return path
