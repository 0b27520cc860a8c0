"""The network rewritten for int8: the same function, ranges that fit, and which layers stay in float32."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.export.eight_bits import first_layers, rewrite_for_int8
from keras_hanet.layers import SpatialFeatureEnhancement
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.models.networks import build_network

SIZE = 64


@pytest.fixture(scope="module")
def calibration():
    return np.random.default_rng(0).uniform(0, 255, (3, SIZE, SIZE, 3)).astype(np.float32)


def build(**values):
    model = build_ha_net(HANetConfig(encoder="efficientnet_lite0", encoder_weights="none", size=SIZE, **values))
    for layer in model.layers:
        if isinstance(layer, SpatialFeatureEnhancement):
            randomise(layer)
    return model


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"feature_enhancement": "channels"},
        {"feature_enhancement": "none", "decoder_block": "plain"},
        {"bottleneck_stride": 16, "decoder_filters": (32, 16, 8, 8), "num_classes": 3},
    ],
    ids=["default", "gates over channels", "plain", "head"],
)
def test_function_is_the_same_and_the_model_is_left_alone(values, calibration):
    model = build(**values)
    before = [weight.copy() for weight in model.get_weights()]
    rewritten = rewrite_for_int8(model, calibration)
    expected, found = model.predict_on_batch(calibration), rewritten.predict_on_batch(calibration)
    if not isinstance(expected, dict):
        expected, found = {"segmentation": expected}, {"segmentation": found}
    assert set(found) == set(expected)
    for name, value in expected.items():
        scale = np.abs(value).max()
        assert scale > 0
        np.testing.assert_allclose(found[name], value, atol=1e-5 * scale)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("architecture", ["unet", "attention_unet", "segresnet", "uesa_net", "densenet121_unet"])
def test_function_of_every_peer_is_the_same(architecture, calibration):
    width = 0 if architecture == "densenet121_unet" else 8
    config = HANetConfig(architecture=architecture, base_filters=width, encoder_weights="none", size=SIZE)
    model = build_network(config)
    expected = model.predict_on_batch(calibration)
    found = rewrite_for_int8(model, calibration).predict_on_batch(calibration)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_skip_has_the_range_of_the_decoder_within_a_factor_of_two(calibration):
    model = build()
    # Its features become a thousandth: the last skip is far larger.
    norm = model.get_layer("decoder_2_bn")
    norm.set_weights([weight * (0.001 if index < 2 else 1) for index, weight in enumerate(norm.get_weights())])
    rewritten = rewrite_for_int8(model, calibration)

    def ratio_of_ranges(network):
        concatenation = network.get_layer("decoder_1_concat")
        decoder, skip = concatenation._inbound_nodes[-1].input_tensors
        values = keras.Model(network.input, [decoder, skip]).predict_on_batch(calibration)
        return np.abs(values[1]).max() / np.abs(values[0]).max()

    assert ratio_of_ranges(model) > 100
    assert 2**-0.51 < ratio_of_ranges(rewritten) < 2**0.51


def test_maximum_is_found_by_pooling(calibration):
    def operations(network):
        return [operation.name for operation in network.operations]

    rewritten = operations(rewrite_for_int8(build(), calibration))
    assert sum("max_pool" in name for name in rewritten) >= 4
    assert not any(name.endswith("_enhancement") for name in rewritten)


def test_normalisation_without_a_convolution_before_it_becomes_one():
    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(4, 3, name="first")(image)
    x = keras.layers.BatchNormalization(name="folds")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.BatchNormalization(name="alone")(x)
    model = keras.Model(image, x)
    randomise(model)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    rewritten = rewrite_for_int8(model, images)
    names = [operation.name for operation in rewritten.operations]
    assert "folds" in names
    assert "alone" not in names
    np.testing.assert_allclose(
        rewritten.predict_on_batch(images), model.predict_on_batch(images), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("encoder", ["efficientnet_lite0", "densenet121"])
def test_first_layers_end_with_the_activation_of_the_first_convolution(encoder):
    model = build_ha_net(HANetConfig(encoder=encoder, encoder_weights="none", size=SIZE))
    names = first_layers(model)
    kinds = [type(model.get_layer(name)).__name__ for name in names]
    assert kinds.count("Conv2D") == 1
    assert kinds[0] == "InputLayer"
    assert kinds[-2:] == ["BatchNormalization", "ReLU"] or kinds[-2:] == ["BatchNormalization", "Activation"]
    assert [layer.name for layer in model.layers][: len(names)] == names
