"""SegResNet has the size and the shapes of MONAI's."""

from itertools import pairwise

import keras
import numpy as np
import pytest

from keras_hanet.models.segresnet import build_segresnet


def num_parameters(filters, num_inputs=3, num_outputs=1):
    """MONAI's SegResNet in 2-D, from its definition: spatial_dims=2, blocks_down (1, 2, 2, 4), blocks_up (1, 1, 1)."""

    def block(width):  # two group norms with gamma and beta, two 3x3 convolutions without bias
        return 2 * 2 * width + 2 * 9 * width * width

    widths = [filters * 2**level for level in range(4)]
    stem = 9 * num_inputs * filters
    down = sum(9 * fine * coarse for fine, coarse in pairwise(widths))
    encoder = sum(num * block(width) for num, width in zip((1, 2, 2, 4), widths, strict=True))
    up = sum(fine * coarse + block(fine) for fine, coarse in pairwise(widths))
    head = 2 * filters + filters * num_outputs + num_outputs
    return stem + down + encoder + up + head


@pytest.mark.parametrize(("filters", "expected"), [(8, 395_121), (16, 1_576_673)])
def test_parameters_are_those_of_monais_definition(filters, expected):
    model = build_segresnet(32, filters)
    assert num_parameters(filters) == expected
    assert model.count_params() == expected
    assert not model.non_trainable_weights


def test_three_halvings_and_three_additions():
    model = build_segresnet(64, 8)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes["encoder_3_block3_add"] == (8, 8, 64)
    assert [shapes[f"decoder_{level}_skip"] for level in (2, 1, 0)] == [(16, 16, 32), (32, 32, 16), (64, 64, 8)]


def test_groups_are_eight_and_of_neighbouring_channels():
    norms = [layer for layer in build_segresnet(32, 16).layers if isinstance(layer, keras.layers.GroupNormalization)]
    assert len(norms) == 2 * (1 + 2 + 2 + 4 + 3) + 1
    assert {(layer.groups, layer.epsilon) for layer in norms} == {(8, 1e-5)}
    x = np.random.default_rng(0).normal(3, 2, (2, 4, 4, 16)).astype("float32")
    grouped = x.reshape(2, 16, 8, 2)
    mean, variance = grouped.mean(axis=(1, 3), keepdims=True), grouped.var(axis=(1, 3), keepdims=True)
    expected = ((grouped - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(norms[0](x)), expected, atol=1e-4)


def test_residual_block_adds_its_input():
    model = build_segresnet(32, 8)
    for part in "ab":
        layer = model.get_layer(f"decoder_0_block0{part}_conv")
        layer.set_weights([np.zeros(weight.shape) for weight in layer.get_weights()])
    ends = [model.get_layer(name).output for name in ("decoder_0_skip", "decoder_0_block0_add")]
    before, after = map(keras.ops.convert_to_numpy, keras.Model(model.input, ends)(np.full((1, 32, 32, 3), 200.0)))
    assert np.abs(before).max() > 0
    np.testing.assert_array_equal(before, after)
