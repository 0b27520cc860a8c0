"""SFEB against plain NumPy, in both readings of "global pooling"."""

import keras
import numpy as np
import pytest
from helpers import check_layer, named_weights, randomise

from keras_hanet.layers import SpatialFeatureEnhancement

SHAPE = (2, 4, 3, 5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def build(pool_over):
    layer = SpatialFeatureEnhancement(pool_over)
    layer.build((None, *SHAPE[1:]))
    randomise(layer)
    return layer


@pytest.mark.parametrize(
    ("pool_over", "axes", "gate_shape"), [("space", (1, 2), (2, 1, 1, 5)), ("channels", 3, (2, 4, 3, 1))]
)
def test_against_numpy(pool_over, axes, gate_shape):
    x = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    layer = build(pool_over)
    weights = named_weights(layer)
    average_gate, maximum_gate = (
        sigmoid(pooled @ weights[f"{name}_gate/kernel"][0, 0] + weights[f"{name}_gate/bias"])
        for name, pooled in (
            ("average", x.mean(axis=axes, keepdims=True)),
            ("maximum", x.max(axis=axes, keepdims=True)),
        )
    )
    assert average_gate.shape == maximum_gate.shape == gate_shape
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(x)), x * average_gate + x * maximum_gate, atol=1e-5
    )
    for gate, expected in zip(layer.coefficients(x), (average_gate, maximum_gate), strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(gate), expected, atol=1e-5)


def test_each_pooling_has_weights_of_its_own():
    assert {name: value.shape for name, value in named_weights(build("space")).items()} == {
        "average_gate/kernel": (1, 1, 5, 5),
        "average_gate/bias": (5,),
        "maximum_gate/kernel": (1, 1, 5, 5),
        "maximum_gate/bias": (5,),
    }
    assert sum(value.size for value in named_weights(build("channels")).values()) == 4


def test_half_open_gates_leave_the_input_as_it_is():
    layer = build("space")
    for weight in layer.weights:
        weight.assign(np.zeros(weight.shape))
    x = np.random.default_rng(2).normal(size=SHAPE).astype("float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), x, atol=1e-6)


@pytest.mark.parametrize("shape", [SHAPE, (2, 7, 9, 5)])
def test_channel_gate_takes_any_size(shape):
    assert build("space")(np.ones(shape, "float32")).shape == shape


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    check_layer(SpatialFeatureEnhancement, {"pool_over": "channels"}, SHAPE, tmp_path / "layer.keras")


def test_unknown_pooling_raises():
    with pytest.raises(ValueError, match=r"`pool_over` must be 'space' or 'channels'\. Received: pool_over='time'"):
        SpatialFeatureEnhancement("time")
