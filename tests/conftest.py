"""Fixtures that several tests share."""

import numpy as np
import pytest
from helpers import apply_tiny_encoder
from small_model import METADATA, make_small_model

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.models.encoders import ENCODERS


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory):
    """A folder of 24 phantoms in the layout of BUSI; nobody changes it."""
    return write_phantoms(tmp_path_factory.mktemp("data") / "phantoms", num=24, seed=0)


@pytest.fixture(scope="session")
def samples(phantoms):
    return read_samples(phantoms)[1]


@pytest.fixture
def tiny_network(monkeypatch):
    """`build_ha_net` with encoder="efficientnet_lite0" is tiny within this test."""
    monkeypatch.setitem(ENCODERS, "efficientnet_lite0", apply_tiny_encoder)


@pytest.fixture(scope="session")
def runtime_files(tmp_path_factory):
    """The small model with a diagnosis head in each format, without metadata: {file name: path}, and its "weights"."""
    from keras_hanet.export.formats import FORMATS
    from keras_hanet.export.source import Source

    folder = tmp_path_factory.mktemp("runtime_files")
    (folder / "scratch").mkdir()
    model = make_small_model(num_classes=3)
    source = Source(model, METADATA, np.zeros((1, METADATA.size, METADATA.size, 3), np.float32), folder / "scratch")
    files = {"weights": model.get_weights()}
    for name in ("tflite_float32", "onnx", "openvino", "saved_model"):
        path = folder / name / FORMATS[name].file
        path.parent.mkdir()
        FORMATS[name].write(source, path)
        files[path.name] = path
    return files
