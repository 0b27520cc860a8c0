"""The table of formats: what is written is what its name says."""

import pytest

from keras_hanet.export import formats
from keras_hanet.export.formats import FORMATS, missing_module
from keras_hanet.runtimes import MODEL_FILES


def test_every_file_is_one_that_the_predictor_finds():
    assert {kind.file for kind in FORMATS.values()} == set(MODEL_FILES) - {"model.keras"}


@pytest.mark.parametrize("name", FORMATS)
def test_limits_close_the_gate_somewhere(name):
    limits = FORMATS[name].limits
    assert 0 < limits.mask_share <= 0.005
    assert 0 < limits.dice <= 0.01
    assert 0 < limits.probability < 1
    if "int" not in name and "float16" not in name and "dynamic" not in name:
        assert limits.probability <= 0.002


def test_module_that_is_missing_is_named(monkeypatch):
    assert [missing_module(name) for name in FORMATS] == [None] * len(FORMATS), "the tests' environment has all"
    found = formats.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "openvino" else found(name))
    assert {name: missing_module(name) for name in ("openvino", "onnx")} == {"openvino": "openvino", "onnx": None}
