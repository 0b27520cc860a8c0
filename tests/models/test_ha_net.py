"""Every switch changes what it says, and every weight can learn."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.losses import BCEJaccardLoss
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net

FILTERS = (16, 16, 8, 8, 8)
BASE = {"encoder": "efficientnet_lite0", "size": 64, "decoder_filters": FILTERS}
CHANNELS = (16, 24, 40, 112, 320)  # of EfficientNet-Lite0, fine to coarse


def build(**switches):
    return build_ha_net(HANetConfig(**{**BASE, **switches}))


def names(model):
    return {layer.name for layer in model.layers}


def images(num=2, size=64):
    return np.random.default_rng(0).uniform(0, 255, (num, size, size, 3)).astype("float32")


def open_branches(model, value=1.0):
    """Set lambda, so that the attention branches have a say and a gradient."""
    for name in {"lambda_1", "lambda_2"} & names(model):
        model.get_layer(name).weights[0].assign(value)


@pytest.fixture(scope="module")
def base():
    return build()


def test_tensor_contract(base):
    assert base.input.name == "image"
    assert tuple(base.input.shape) == (None, 64, 64, 3)
    assert tuple(base.output.shape) == (None, 64, 64, 1)
    assert base.output.dtype == "float32"
    logits = base.predict_on_batch(images())
    assert logits.dtype == np.float32
    assert logits.min() < 0 or logits.max() > 1, "logits, not probabilities"


def test_logits_are_float32_in_mixed_precision(tiny_network):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("decoder_0_conv").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"


def test_bottleneck_parameters(base):
    channels = CHANNELS[-1]
    counts = {layer.name: layer.count_params() for layer in base.layers}
    assert counts["position_encoding"] == 2 * channels // 2 + 2 * channels // 2  # a 2 x 2 bottleneck
    assert counts["transformer_self_attention"] == 3 * (channels * channels + channels)
    short = channels // 8
    assert counts["global_spatial_attention"] == 2 * channels * short + short + channels * channels + channels
    assert counts["lambda_1"] == counts["lambda_2"] == 1


def test_every_skip_is_enhanced_and_concatenated(base):
    for stage, channels in zip((4, 3, 2, 1), reversed(CHANNELS[:-1]), strict=True):
        gate = base.get_layer(f"decoder_{stage}_enhancement")
        assert gate.output.shape[-1] == channels
        assert gate.count_params() == 2 * (channels * channels + channels)
    assert "decoder_0_enhancement" not in names(base)
    assert [base.get_layer(f"decoder_{stage}_conv").output.shape[-1] for stage in (4, 3, 2, 1, 0)] == [*FILTERS]
    assert [base.get_layer(f"decoder_{stage}_conv").output.shape[1] for stage in (4, 3, 2, 1, 0)] == [4, 8, 16, 32, 64]


@pytest.mark.parametrize(
    ("switches", "removed"),
    [
        ({"position_encoding": "none"}, {"position_encoding"}),
        ({"self_attention": "none"}, {"position_encoding", "transformer_self_attention", "lambda_1"}),
        ({"spatial_attention": False}, {"global_spatial_attention", "lambda_2"}),
        (
            {"self_attention": "none", "spatial_attention": False},
            {
                *("position_encoding", "transformer_self_attention", "lambda_1"),
                *("global_spatial_attention", "lambda_2", "attention_sum"),
            },
        ),
        ({"feature_enhancement": "none"}, {f"decoder_{stage}_enhancement" for stage in (1, 2, 3, 4)}),
    ],
)
def test_switch_removes_its_layers_and_nothing_else(base, switches, removed):
    model = build(**switches)
    assert names(base) - names(model) == removed
    assert names(model) <= names(base)
    lost = sum(base.get_layer(name).count_params() for name in removed)
    assert model.count_params() == base.count_params() - lost
    assert tuple(model.output.shape) == (None, 64, 64, 1)


@pytest.mark.parametrize(
    ("switches", "layer", "attribute"),
    [
        ({"self_attention": "position"}, "transformer_self_attention", "axis"),
        ({"key_dimension": "channels"}, "transformer_self_attention", "key_dimension"),
        ({"attention_dropout": 0.25}, "transformer_self_attention", "dropout"),
        ({"position_encoding": "sinusoidal"}, "position_encoding", "kind"),
        ({"feature_enhancement": "channels"}, "decoder_3_enhancement", "pool_over"),
    ],
)
def test_switch_reaches_its_layer(switches, layer, attribute, tiny_network):
    assert getattr(build(**switches).get_layer(layer), attribute) == next(iter(switches.values()))


def test_plain_blocks_have_full_kernels(base):
    model = build(decoder_block="plain")
    inputs = FILTERS[0] + CHANNELS[2]  # the second stage: the first one's filters and the skip P3
    assert model.get_layer("decoder_3_conv").count_params() == 9 * inputs * FILTERS[1]
    assert base.get_layer("decoder_3_conv").count_params() == 9 * inputs + inputs * FILTERS[1]


@pytest.mark.parametrize(
    ("encoder", "channels", "left_out"),
    [("efficientnet_lite0", 112, "block6_1_expand"), ("densenet121", 1024, "conv5_block1_1_conv")],
)
def test_stride_16_leaves_the_last_encoder_block_out(encoder, channels, left_out):
    model = build(encoder=encoder, bottleneck_stride=16, decoder_filters=FILTERS[:4])
    assert tuple(model.get_layer("attention_sum").output.shape) == (None, 4, 4, channels)
    assert left_out not in names(model)
    assert tuple(model.output.shape) == (None, 64, 64, 1)


def test_second_head_gives_both_outputs():
    model = build(num_classes=3)
    assert set(model.output) == {"segmentation", "diagnosis"}
    assert tuple(model.output["segmentation"].shape) == (None, 64, 64, 1)
    assert tuple(model.output["diagnosis"].shape) == (None, 3)
    assert model.output["diagnosis"].dtype == "float32"
    assert model.get_layer("diagnosis").count_params() == CHANNELS[-1] * 3 + 3


def test_network_begins_as_one_without_attention(tiny_network):
    model, without = build(), build(self_attention="none", spatial_attention=False)
    randomise(model)
    open_branches(model, 0.0)
    for layer in without.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    expected = without.predict_on_batch(images())
    np.testing.assert_allclose(model.predict_on_batch(images()), expected, atol=1e-5)
    open_branches(model)
    assert not np.allclose(model.predict_on_batch(images()), expected, atol=1e-2)


def test_position_encoding_is_seen_by_self_attention_only(tiny_network):
    model = build()
    randomise(model)
    model.get_layer("lambda_1").weights[0].assign(0.0)
    model.get_layer("lambda_2").weights[0].assign(1.0)
    before = model.predict_on_batch(images())
    randomise(model.get_layer("position_encoding"), seed=1)
    np.testing.assert_array_equal(model.predict_on_batch(images()), before)


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"self_attention": "position", "feature_enhancement": "channels", "decoder_block": "plain"},
        {"bottleneck_stride": 16, "decoder_filters": FILTERS[:4], "key_dimension": "channels"},
    ],
)
def test_every_trainable_weight_changes_in_a_step(switches, tiny_network):
    keras.utils.set_random_seed(0)
    model = build(**switches)
    open_branches(model)
    model.compile(keras.optimizers.Adam(1e-2), BCEJaccardLoss(), jit_compile=False)
    before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    model.train_on_batch(images(4), np.random.default_rng(1).integers(0, 2, (4, 64, 64, 1)).astype("float32"))
    still = [
        weight.path
        for weight, old in zip(model.trainable_weights, before, strict=True)
        if np.array_equal(keras.ops.convert_to_numpy(weight), old)
    ]
    assert still == []


def test_branches_have_no_gradient_while_lambda_is_zero(tiny_network):
    model = build()
    model.compile(keras.optimizers.SGD(1.0), BCEJaccardLoss(), jit_compile=False)
    before = model.get_layer("transformer_self_attention").get_weights()
    model.train_on_batch(images(), np.ones((2, 64, 64, 1), "float32"))
    after = model.get_layer("transformer_self_attention").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert model.get_layer("lambda_1").get_weights()[0] != 0


def test_saved_network_gives_the_same_logits(tiny_network, tmp_path):
    model = build()
    randomise(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(loaded.predict_on_batch(images()), model.predict_on_batch(images()))


@pytest.mark.parametrize(("stride", "num_stages"), [(2, 4), (4, 3)])
def test_coarse_logits_are_brought_to_the_images_grid(base, stride, num_stages):
    model = build(logits_stride=stride, decoder_filters=FILTERS[:num_stages])
    assert tuple(model.output.shape) == (None, 64, 64, 1)
    coarse = model.get_layer("segmentation").output
    assert coarse.shape[1] == 64 // stride
    assert names(model) - names(base) == {"segmentation_upsample"}
    x = images()
    expected = keras.layers.UpSampling2D(stride, interpolation="bilinear")(keras.Model(model.input, coarse)(x))
    np.testing.assert_allclose(model.predict_on_batch(x), keras.ops.convert_to_numpy(expected), atol=1e-5)
