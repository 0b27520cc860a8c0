"""SoftShrinkage against plain NumPy and by hand."""

import keras
import numpy as np
import pytest
from helpers import check_layer, named_weights, randomise

from keras_hanet.layers import SoftShrinkage
from keras_hanet.layers.soft_shrinkage import soft_threshold

SHAPE = (2, 4, 3, 5)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(0.0, [-3, -1, -0.5, 0, 0.5, 1, 3]), (1.0, [-2, 0, 0, 0, 0, 0, 2]), (0.5, [-2.5, -0.5, 0, 0, 0, 0.5, 2.5])],
)
def test_soft_threshold_by_hand(threshold, expected):
    x = np.array([-3, -1, -0.5, 0, 0.5, 1, 3], "float32")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(soft_threshold(x, np.float32(threshold))), expected)


def test_untrained_threshold_is_half_the_mean_magnitude():
    layer = SoftShrinkage()
    layer.build((None, 2, 2, 1))
    layer.weights[0].assign([[0.0]])
    x = np.array([[1.0, -2.0], [3.0, -6.0]], "float32").reshape(1, 2, 2, 1)  # mean magnitude 3, threshold 1.5
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)).ravel(), [0, -0.5, 1.5, -4.5], atol=1e-6)


def test_against_numpy():
    x = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    layer = SoftShrinkage()
    layer.build((None, *SHAPE[1:]))
    randomise(layer)
    weights = named_weights(layer)
    assert {name: value.shape for name, value in weights.items()} == {"share/kernel": (5, 5), "share/bias": (5,)}
    magnitude = np.abs(x).mean(axis=(1, 2), keepdims=True)
    threshold = sigmoid(magnitude @ weights["share/kernel"] + weights["share/bias"]) * magnitude
    expected = np.sign(x) * np.maximum(np.abs(x) - threshold, 0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)
    assert 0.1 < np.mean(expected == 0) < 0.9, "some values are shrunk to nothing, some are not"


def test_black_feature_map_stays_black():
    layer = SoftShrinkage()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(np.zeros(SHAPE, "float32"))), np.zeros(SHAPE))


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    check_layer(SoftShrinkage, {}, SHAPE, tmp_path / "layer.keras")
