"""The reading of UESA-Net: gates in three directions against NumPy, shrinkage where the abstract has it."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.layers import SoftShrinkage
from keras_hanet.models.uesa_net import apply_directional_attention, apply_encoder_stage, build_uesa_net

SHAPE = (2, 9, 8, 4)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def attention():
    image = keras.Input(SHAPE[1:])
    model = keras.Model(image, apply_directional_attention(image, "x"))
    randomise(model)
    return model


def strip_gate(strip, kernel, bias):
    """Each channel of (B, L, C) convolved along L with its own 7 numbers, padded with zeros."""
    padded = np.pad(strip, ((0, 0), (3, 3), (0, 0)))
    length = strip.shape[1]
    return sigmoid(sum(padded[:, shift : shift + length] * kernel[shift] for shift in range(7)) + bias)


def test_attention_against_numpy(attention):
    x = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    weights = {name: attention.get_layer(f"x_{name}").get_weights() for name in ("horizontal", "vertical", "depth")}
    (across, across_bias), (down, down_bias), (depth, depth_bias) = weights.values()
    assert (across.shape, down.shape, depth.shape) == ((1, 7, 4, 1), (7, 1, 4, 1), (1, 1, 4, 4))
    columns = strip_gate(x.mean(axis=1), across[0, :, :, 0], across_bias)[:, None]
    rows = strip_gate(x.mean(axis=2), down[:, 0, :, 0], down_bias)[:, :, None]
    channels = sigmoid(x.mean(axis=(1, 2), keepdims=True) @ depth[0, 0] + depth_bias)
    assert (columns.shape, rows.shape, channels.shape) == ((2, 1, 8, 4), (2, 9, 1, 4), (2, 1, 1, 4))
    expected = x * (columns + rows + channels) / 3
    np.testing.assert_allclose(attention(x), expected, atol=1e-5)


def test_encoder_adds_the_shrunk_attended_features():
    image = keras.Input((8, 8, 3))
    end = apply_encoder_stage(image, 4, "stage")
    whole = keras.Model(image, end)
    randomise(whole)
    parts = ["stageb_relu", "stage_attention_product", "stage_shrinkage", "stage_add"]
    outputs = keras.Model(image, [whole.get_layer(name).output for name in parts])
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    features, attended, shrunk, out = map(keras.ops.convert_to_numpy, outputs(x))
    np.testing.assert_allclose(out, features + shrunk, atol=1e-6)
    assert np.all(np.abs(shrunk) <= np.abs(attended))
    assert np.any((shrunk == 0) & (attended > 0)), "something was below its threshold"


def test_every_block_attends_and_shrinks():
    model = build_uesa_net(32, 8)
    shrinkages = {layer.name: layer for layer in model.layers if isinstance(layer, SoftShrinkage)}
    blocks = [*(f"encoder_{level}" for level in range(4)), "bottleneck", *(f"decoder_{level}" for level in range(4))]
    assert set(shrinkages) == {f"{block}_shrinkage" for block in blocks}
    assert {f"{block}_attention_product" for block in blocks} <= {layer.name for layer in model.layers}
    for level in range(4):  # the pair: the skip and as many upsampled channels
        assert shrinkages[f"decoder_{level}_shrinkage"].input.shape[-1] == 2 * 8 * 2**level
