"""What several tests share: a tiny encoder and network, and what every layer must keep to."""

import inspect

import keras
import numpy as np

from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig


def apply_tiny_encoder(image):
    """{"P1".."P5"} like the real encoders, in a few thousand parameters: its step compiles in a second."""
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="normalisation")(image)
    features = {}
    for level, filters in enumerate((4, 8, 8, 16, 16), start=1):
        x = keras.layers.Conv2D(filters, 3, strides=2, padding="same", name=f"tiny_{level}_conv")(x)
        x = features[f"P{level}"] = keras.layers.ReLU(name=f"tiny_{level}_relu")(x)
    return features


def tiny_config(data=None, **values):
    """A `TrainConfig` whose network has few weights; needs the tiny encoder in the place of EfficientNet's."""
    model = HANetConfig(
        encoder="efficientnet_lite0",
        encoder_weights="none",
        size=64,
        attention_dropout=0.3,
        feature_enhancement="none",
        decoder_block="plain",
        decoder_filters=(8, 8, 8, 8, 8),
    )
    defaults = {"model": model, "batch_size": 4, "epochs": 1, "learning_rate": 1e-2}
    return TrainConfig(data=data and str(data), **{**defaults, **values})


def randomise(layer, seed=0):
    """Give every weight of a layer or a model a random value, variances positive ones."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        values = rng.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)


def named_weights(layer):
    """{"query/kernel": array} of a layer's weights."""
    return {"/".join(weight.path.split("/")[1:]): keras.ops.convert_to_numpy(weight) for weight in layer.weights}


def softmax(scores):
    """Over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def check_layer(kind, arguments, shape, path):
    """Hold a layer against the rules of the house.

    Args:
        kind: the layer's class.
        arguments: a value other than the default for every argument of its `__init__`.
        shape: (B, H, W, C) of an input.
        path: where a .keras file may be written.
    """
    _check_config(kind, arguments, shape)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = kind(**arguments)
    layer.build((None, *shape[1:]))
    built = _inventory(layer)
    out = layer(x)
    assert tuple(layer.compute_output_shape((None, *shape[1:]))) == (None, *out.shape[1:])
    layer(x[:1])
    assert _inventory(layer) == built, "a call made sublayers or weights"
    half = kind(**arguments, dtype="mixed_bfloat16")(x)
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"

    image = keras.Input(shape[1:])
    model = keras.Model(image, layer(image))
    randomise(model)
    expected = keras.ops.convert_to_numpy(model(x))
    model.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(x)), expected)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loaded(x[:1])), expected[:1], atol=1e-5)
    assert not np.allclose(expected, keras.ops.convert_to_numpy(kind(**arguments)(x))), "the weights do nothing"


def _check_config(kind, arguments, shape):
    parameters = inspect.signature(kind.__init__).parameters if "__init__" in vars(kind) else {}
    own = {name: p.default for name, p in parameters.items() if name not in ("self", "kwargs")}
    assert set(arguments) == set(own), "the test must give every argument"
    assert all(arguments[name] != default for name, default in own.items()), "and none its default"
    layer = kind(**arguments, name="mine")
    before = layer.get_config()
    assert {name: before[name] for name in arguments} == arguments
    layer.build((None, *shape[1:]))
    assert layer.get_config() == before
    assert kind.from_config(before).get_config() == before


def _inventory(layer):
    return [id(part) for part in layer._flatten_layers()], [weight.path for weight in layer.weights]
