"""PE: what is added at each position, from the tables and by hand."""

import math

import keras
import numpy as np
import pytest
from helpers import check_layer, named_weights, randomise

from keras_hanet.layers import PositionEncoding
from keras_hanet.layers.position_encoding import sinusoids


def test_sinusoids_by_hand():
    # Four channels: two wavelengths, 10000^0 = 1 and 10000^0.5 = 100; sines first, then cosines.
    expected = [
        [0, 0, 1, 1],
        [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)],
        [math.sin(2), math.sin(0.02), math.cos(2), math.cos(0.02)],
    ]
    np.testing.assert_allclose(sinusoids(3, 4), expected, atol=1e-6)
    assert sinusoids(3, 4).dtype == np.float32


def test_odd_number_of_sinusoids_leaves_out_the_last_cosine():
    np.testing.assert_allclose(sinusoids(2, 3)[1], [math.sin(1), math.sin(0.01), math.cos(1)], atol=1e-6)


def test_learned_tables_are_rows_then_columns():
    layer = PositionEncoding()
    layer.build((None, 2, 3, 5))
    randomise(layer)
    tables = named_weights(layer)
    assert {name: table.shape for name, table in tables.items()} == {"rows": (2, 2), "columns": (3, 3)}
    out = keras.ops.convert_to_numpy(layer(np.ones((2, 2, 3, 5), "float32")))
    for row in range(2):
        for column in range(3):
            added = np.concatenate([tables["rows"][row], tables["columns"][column]])
            np.testing.assert_allclose(out[:, row, column] - 1, [added, added], atol=1e-6)


def test_sinusoidal_encoding_has_no_weights_and_tells_positions_apart():
    layer = PositionEncoding("sinusoidal")
    out = keras.ops.convert_to_numpy(layer(np.zeros((1, 4, 3, 8), "float32")))[0]
    assert layer.weights == []
    np.testing.assert_allclose(out[2, 1], np.concatenate([sinusoids(4, 4)[2], sinusoids(3, 4)[1]]), atol=1e-6)
    assert len(np.unique(out.reshape(12, 8), axis=0)) == 12


def test_learned_tables_start_small():
    layer = PositionEncoding()
    layer.build((None, 64, 64, 128))
    assert 0.015 < named_weights(layer)["rows"].std() < 0.025


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    class Learned(PositionEncoding):
        """`kind` has one other value, which has no weights to be saved; so the other way round."""

        def __init__(self, kind="sinusoidal", **kwargs):
            super().__init__(kind, **kwargs)

    keras.saving.register_keras_serializable("test")(Learned)
    check_layer(Learned, {"kind": "learned"}, (2, 4, 3, 6), tmp_path / "layer.keras")
    assert PositionEncoding("sinusoidal").get_config()["kind"] == "sinusoidal"


def test_unknown_kind_raises():
    with pytest.raises(ValueError, match=r"`kind` must be 'learned' or 'sinusoidal'\. Received: kind='rotary'"):
        PositionEncoding("rotary")
