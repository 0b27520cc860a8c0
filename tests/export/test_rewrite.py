"""Rewriting for speed keeps the function, and moves only what commutes."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.export.rewrite import pool_before_projection


def make(kernel=1, strides=1, activation=None, pool=2, pooling=keras.layers.AveragePooling2D, tap=False, side=16):
    image = keras.Input((side, side, 3), name="image")
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(image)
    projected = keras.layers.Conv2D(4, kernel, strides, padding="same", activation=activation, name="projection")(x)
    pooled = pooling(pool, name="pool")(projected)
    last = keras.layers.Conv2D(1, 1, name="last")(pooled)
    model = keras.Model(image, [last, projected] if tap else last)
    randomise(model)
    return model


def test_pooling_comes_first_and_the_function_stays():
    model = make()
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    rewritten = pool_before_projection(model)
    np.testing.assert_allclose(rewritten.predict_on_batch(x), model.predict_on_batch(x), rtol=1e-4, atol=1e-5)
    assert rewritten.get_layer("projection")._inbound_nodes[-1].input_tensors[0].shape == (None, 8, 8, 8)
    assert model.get_layer("last")._inbound_nodes[0].input_tensors[0].shape == (None, 8, 8, 4)


@pytest.mark.parametrize(
    "values",
    [
        {"kernel": 3},
        {"strides": 2},
        {"activation": "relu"},
        {"pooling": keras.layers.MaxPooling2D},
        {"side": 15},
        {"tap": True},
    ],
    ids=str,
)
def test_what_does_not_commute_or_is_needed_elsewhere_stays(values):
    model = make(**values)
    assert pool_before_projection(model) is model


def test_densenet121_has_three_transitions_to_move():
    from keras_hanet.models.config import HANetConfig
    from keras_hanet.models.ha_net import build_ha_net

    model = build_ha_net(HANetConfig(encoder_weights="none", size=64))
    randomise(model.get_layer("segmentation"))
    x = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype("float32")
    expected = model.predict_on_batch(x)
    rewritten = pool_before_projection(model)
    for name in ("pool2_conv", "pool3_conv", "pool4_conv"):
        nodes = model.get_layer(name)._inbound_nodes
        assert nodes[0].input_tensors[0].shape[1] == 2 * nodes[-1].input_tensors[0].shape[1]
    np.testing.assert_allclose(rewritten.predict_on_batch(x), expected, atol=1e-4 * np.abs(expected).max())
