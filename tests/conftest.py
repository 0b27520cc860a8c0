"""Fixtures that several tests share."""

import pytest
from helpers import apply_tiny_encoder

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
