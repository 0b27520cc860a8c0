"""The U-Nets: as many parameters as published, and a gate that does what its equations say."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.models.unet import apply_attention_gate, build_attention_unet, build_unet

WIDTHS = (64, 128, 256, 512)
# Bilinear x2 of two numbers: the outer ones lie beyond the centres and repeat the edge.
TWICE = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def num_trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.fixture(scope="module")
def unet():
    return build_unet(64, 64)


@pytest.fixture(scope="module")
def attention_unet():
    return build_attention_unet(64, 64)


def test_unet_has_the_parameters_of_the_common_implementation(unet):
    # UNet(n_channels=3, n_classes=1) of github.com/milesial/Pytorch-UNet.
    assert num_trainable(unet) == 31_037_633
    # The paper has a bias where the normalisation has gamma and beta: 31,031,745, the number of many Keras U-Nets.
    num_biases = 2 * (2 * sum(WIDTHS) + 1024)
    assert num_trainable(unet) - num_biases == 31_031_745


def test_levels_halve_and_widths_double(unet):
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in unet.layers}
    assert [shapes[f"encoder_{level}b_relu"] for level in range(4)] == [
        *((64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512))
    ]
    assert shapes["bottleneckb_relu"] == (4, 4, 1024)
    assert [shapes[f"decoder_{level}b_relu"] for level in range(4)] == [
        *((64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512))
    ]


def test_nothing_but_the_gates_tells_the_two_apart(unet, attention_unet):
    gates = [layer for layer in attention_unet.layers if "_gate_" in layer.name]
    assert {layer.name for layer in attention_unet.layers} - {layer.name for layer in gates} == {
        layer.name for layer in unet.layers
    }
    # theta (2x2, no bias), phi (1x1, bias) and alpha (1x1, bias) of each level.
    expected = sum(
        4 * width * width // 2 + 2 * width * width // 2 + width // 2 + width // 2 + 1 for width in WIDTHS
    )
    assert sum(layer.count_params() for layer in gates) == expected == 1_045_444
    assert num_trainable(attention_unet) == 31_037_633 + expected


def test_gate_against_numpy():
    rng = np.random.default_rng(0)
    skip, gate = rng.normal(size=(2, 4, 4, 6)).astype("float32"), rng.normal(size=(2, 2, 2, 5)).astype("float32")
    inputs = [keras.Input((4, 4, 6)), keras.Input((2, 2, 5))]
    model = keras.Model(inputs, apply_attention_gate(*inputs, "gate"))
    randomise(model)
    weights = {name: model.get_layer(f"gate_{name}").get_weights() for name in ("theta", "phi", "alpha")}
    [theta], (phi, phi_bias), (psi, psi_bias) = weights.values()
    assert (theta.shape, phi.shape, psi.shape) == ((2, 2, 6, 3), (1, 1, 5, 3), (1, 1, 3, 1))
    blocks = skip.reshape(2, 2, 2, 2, 2, 6)  # image, row, row in block, column, column in block, channel
    x = np.maximum(np.einsum("nrycxd,yxdf->nrcf", blocks, theta) + gate @ phi[0, 0] + phi_bias, 0)
    alpha = sigmoid(x @ psi[0, 0] + psi_bias)
    assert alpha.std() > 0.05
    expected = skip * np.einsum("ir,nrcf,jc->nijf", TWICE, alpha, TWICE)
    np.testing.assert_allclose(model([skip, gate]), expected, atol=1e-5)


def test_closed_gates_cut_the_skips():
    model = build_attention_unet(32, 8)
    randomise(model)
    images = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    names = [layer.name for layer in model.layers if layer.name.endswith("_gate_alpha")]
    assert sorted(names) == [f"decoder_{level}_gate_alpha" for level in range(4)]
    for name in names:
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([kernel * 0, bias * 0 - 100])
    products = keras.Model(model.input, [model.get_layer(name.replace("alpha", "product")).output for name in names])
    assert all(keras.ops.max(keras.ops.abs(product)) < 1e-6 for product in products(images))
