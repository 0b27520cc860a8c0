"""Where the encoders are tapped, and where their weights come from."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.errors import InputError
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.encoders import DENSENET121_TAPS, ENCODERS, apply_densenet121, load_encoder_weights
from keras_hanet.models.ha_net import build_ha_net

FILTERS = (16, 16, 8, 8, 8)


def small(encoder, stride=32, **switches):
    filters = FILTERS[: stride.bit_length() - 1]
    return build_ha_net(
        HANetConfig(encoder=encoder, size=64, bottleneck_stride=stride, decoder_filters=filters, **switches)
    )


def encoder_model(encoder):
    image = keras.Input((64, 64, 3))
    return keras.Model(image, ENCODERS[encoder](image))


def values(model):
    """{layer name: list of arrays} of the layers that have weights."""
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def refuse_download(monkeypatch):
    def no_network(weights=None, **kwargs):
        if weights == "imagenet":
            raise Exception("URL fetch failure: no network")  # as keras.utils.get_file does
        return real(weights=weights, **kwargs)

    real = keras.applications.DenseNet121
    monkeypatch.setattr(keras.applications, "DenseNet121", no_network)


@pytest.fixture(scope="module")
def densenet():
    return small("densenet121")


def test_densenet_is_tapped_at_the_last_activation_of_each_size():
    features = apply_densenet121(keras.Input((256, 256, 3)))
    taps = {level: (tap._keras_history.operation.name, tuple(tap.shape[1:])) for level, tap in features.items()}
    assert taps == {
        "P1": ("conv1_relu", (128, 128, 64)),
        "P2": ("pool2_relu", (64, 64, 256)),
        "P3": ("pool3_relu", (32, 32, 512)),
        "P4": ("pool4_relu", (16, 16, 1024)),
        "P5": ("relu", (8, 8, 1024)),
    }
    assert {level: name for level, (name, _) in taps.items()} == DENSENET121_TAPS


def test_densenet_is_the_published_network(densenet):
    # 7,037,504 parameters without the classifier, as keras.applications documents 8.1 M with its 1,000 classes.
    names = {layer.name for layer in encoder_model("densenet121").layers}
    encoder = [layer for layer in densenet.layers if layer.name in names]
    assert sum(layer.count_params() for layer in encoder) == 7_037_504


def test_densenet_normalises_as_imagenet(densenet):
    normalised = densenet.get_layer("normalisation")(np.array([[[[0.0, 127.5, 255.0]]]], "float32"))
    expected = [(0 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(normalised).ravel(), expected, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_none_leaves_the_network_as_it_is(encoder, densenet):
    model = densenet if encoder == "densenet121" else small(encoder)
    before = model.get_weights()
    assert load_encoder_weights(model, encoder, "none") == "none"
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("stride", [32, 16])
@pytest.mark.parametrize("weights", ["imagenet", "auto"])
def test_packaged_weights_reach_every_encoder_layer_and_no_other(stride, weights):
    model = small("efficientnet_lite0", stride)
    untouched = 10_000.0
    for variable in model.variables:
        variable.assign(np.full(variable.shape, untouched))
    assert load_encoder_weights(model, "efficientnet_lite0", weights) == "imagenet"
    encoder = set(values(encoder_model("efficientnet_lite0")))
    for name, arrays in values(model).items():
        assert all((array == untouched).any() != (name in encoder) for array in arrays), name


def test_imagenet_without_a_network_raises(densenet, monkeypatch):
    refuse_download(monkeypatch)
    with pytest.raises(InputError, match=r"download failed: give the path of .*_notop\.h5, or take 'none'"):
        load_encoder_weights(densenet, "densenet121", "imagenet")


def test_auto_without_a_network_is_none_and_says_so(densenet, monkeypatch):
    refuse_download(monkeypatch)
    assert load_encoder_weights(densenet, "densenet121", "auto") == "none"


@pytest.mark.parametrize("stride", [32, 16])
def test_path_of_a_keras_model_fills_the_encoder_and_leaves_the_decoder(stride, tmp_path):
    source, model = small("efficientnet_lite0"), small("efficientnet_lite0", stride)
    randomise(source)
    source.save(tmp_path / "source.keras")
    before, given = values(model), values(source)
    path = str(tmp_path / "source.keras")
    assert load_encoder_weights(model, "efficientnet_lite0", path) == path
    encoder = values(encoder_model("efficientnet_lite0"))
    for name, arrays in values(model).items():
        expected = given[name] if name in encoder else before[name]
        assert all(np.array_equal(*pair) for pair in zip(arrays, expected, strict=True)), name


def test_keras_applications_own_file_fills_densenet(densenet, tmp_path):
    source = keras.applications.DenseNet121(include_top=False, weights=None)
    randomise(source)
    path = tmp_path / "densenet121_weights_tf_dim_ordering_tf_kernels_notop.weights.h5"
    source.save_weights(path)
    assert load_encoder_weights(densenet, "densenet121", path) == str(path)
    for name in ("conv1_conv", "conv4_block7_1_bn", "bn"):
        expected = source.get_layer(name).get_weights()
        assert all(np.array_equal(*pair) for pair in zip(densenet.get_layer(name).get_weights(), expected, strict=True))


@pytest.mark.parametrize("name", ["missing.keras", "missing.h5", "text.keras", "text.h5"])
def test_path_that_is_no_model_raises(name, densenet, tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    (tmp_path / "text.h5").write_text("no model")
    with pytest.raises(InputError, match=f"expected .* or the path of a Keras model, got .*{name}"):
        load_encoder_weights(densenet, "densenet121", str(tmp_path / name))


def test_model_with_another_encoder_raises(densenet, tmp_path):
    small("efficientnet_lite0").save(tmp_path / "other.keras")
    with pytest.raises(InputError, match="no fitting weights for the encoder's layer conv1_conv"):
        load_encoder_weights(densenet, "densenet121", str(tmp_path / "other.keras"))
