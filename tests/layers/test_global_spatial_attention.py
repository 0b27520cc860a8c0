"""GSA against the same attention in plain NumPy."""

import keras
import numpy as np
import pytest
from helpers import check_layer, named_weights, randomise, softmax

from keras_hanet.layers import GlobalSpatialAttention

SHAPE = (2, 3, 4, 16)


def build(reduction):
    layer = GlobalSpatialAttention(reduction)
    layer.build((None, *SHAPE[1:]))
    randomise(layer)
    return layer


@pytest.mark.parametrize("reduction", [8, 2])
def test_against_numpy(reduction):
    x = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    layer = build(reduction)
    weights = named_weights(layer)
    tokens = x.reshape(2, 12, 16)
    query = tokens @ weights["query/kernel"][0, 0] + weights["query/bias"]
    key = tokens @ weights["key/kernel"][0, 0]
    value = tokens @ weights["value/kernel"][0, 0] + weights["value/bias"]
    attention = softmax(query @ key.transpose(0, 2, 1))
    assert attention.shape == (2, 12, 12)
    expected = (attention @ value).reshape(SHAPE)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.attention(x)), attention, atol=1e-5)


def test_keys_are_short_and_have_no_bias():
    weights = named_weights(build(8))
    assert {name: value.shape for name, value in weights.items()} == {
        "query/kernel": (1, 1, 16, 2),
        "query/bias": (2,),
        "key/kernel": (1, 1, 16, 2),
        "value/kernel": (1, 1, 16, 16),
        "value/bias": (16,),
    }


def test_moving_the_positions_moves_the_output_with_them():
    x = np.random.default_rng(2).normal(size=SHAPE).astype("float32")
    layer = build(8)
    out, out_mirrored = (keras.ops.convert_to_numpy(layer(image)) for image in (x, x[:, :, ::-1]))
    np.testing.assert_allclose(out_mirrored, out[:, :, ::-1], atol=1e-5)


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    check_layer(GlobalSpatialAttention, {"reduction": 4}, SHAPE, tmp_path / "layer.keras")


def test_reduction_below_one_raises():
    with pytest.raises(ValueError, match=r"`reduction` must be at least 1\. Received: reduction=0"):
        GlobalSpatialAttention(0)


def test_input_with_too_few_channels_raises():
    with pytest.raises(ValueError, match=r"at least 8 channels\. Received: C=7"):
        GlobalSpatialAttention(8).build((None, 2, 2, 7))
