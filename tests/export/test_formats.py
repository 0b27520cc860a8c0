"""The table of formats: what is written is what its name says."""

import pytest

from keras_hanet.export.formats import FORMATS
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
