"""TSA against the same attention in plain NumPy, over channels and over positions."""

import keras
import numpy as np
import pytest
from helpers import check_layer, named_weights, randomise, softmax

from keras_hanet.layers import TransformerSelfAttention
from keras_hanet.layers.transformer_self_attention import scaled_dot_product

SHAPE = (2, 3, 4, 6)  # 12 positions, 6 channels


def attend(x, weights, axis, d_k):
    tokens = x.reshape(len(x), -1, x.shape[-1])
    query, key, value = (
        tokens @ weights[f"{name}/kernel"][0, 0] + weights[f"{name}/bias"] for name in ("query", "key", "value")
    )
    if axis == "position":
        return (softmax(query @ key.transpose(0, 2, 1) / np.sqrt(d_k)) @ value).reshape(x.shape)
    scores = query.transpose(0, 2, 1) @ key
    out = softmax(scores / np.sqrt(d_k)) @ value.transpose(0, 2, 1)
    return out.transpose(0, 2, 1).reshape(x.shape)


@pytest.mark.parametrize(
    ("axis", "key_dimension", "d_k"),
    [("channel", "token", 12), ("channel", "channels", 6), ("position", "token", 6), ("position", "channels", 6)],
)
def test_against_numpy(axis, key_dimension, d_k):
    x = np.random.default_rng(1).normal(size=SHAPE).astype("float32")
    layer = TransformerSelfAttention(axis, key_dimension)
    layer.build((None, *SHAPE[1:]))
    randomise(layer)
    expected = attend(x, named_weights(layer), axis, d_k)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(x)), expected, atol=1e-5)
    assert not np.allclose(attend(x, named_weights(layer), axis, 2 * d_k), expected, atol=1e-3)


@pytest.mark.parametrize(("axis", "num_tokens"), [("channel", 6), ("position", 12)])
def test_attention_is_a_square_of_the_tokens_whose_rows_sum_to_one(axis, num_tokens):
    x = np.random.default_rng(2).normal(size=SHAPE).astype("float32")
    layer = TransformerSelfAttention(axis, dropout=0.5)
    layer.build((None, *SHAPE[1:]))
    attention = keras.ops.convert_to_numpy(layer.attention(x))
    assert attention.shape == (2, num_tokens, num_tokens)
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-6)
    assert not np.allclose(attention.sum(axis=-2), 1, atol=1e-3)


def test_scaled_dot_product_by_hand():
    query = np.array([[[1.0, 0.0], [0.0, 0.0]]], "float32")
    key = np.array([[[2.0, 5.0], [0.0, 7.0]]], "float32")
    # Scores of the first query: 2 and 0, halved to 1 and 0; the second sees both alike.
    attention = keras.ops.convert_to_numpy(scaled_dot_product(query, key, 2.0))[0]
    np.testing.assert_allclose(attention, [[np.e / (np.e + 1), 1 / (np.e + 1)], [0.5, 0.5]], atol=1e-6)


def test_dropout_falls_on_training_only():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(3).normal(size=SHAPE).astype("float32")
    layer = TransformerSelfAttention(dropout=0.5)
    first, second = (keras.ops.convert_to_numpy(layer(x, training=False)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, keras.ops.convert_to_numpy(layer(x, training=True)), atol=1e-3)
    whole = TransformerSelfAttention(dropout=0.0)
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(whole(x, training=t)) for t in (False, True)))


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    arguments = {"axis": "position", "key_dimension": "channels", "dropout": 0.3}
    check_layer(TransformerSelfAttention, arguments, SHAPE, tmp_path / "layer.keras")


@pytest.mark.parametrize(("name", "value"), [("axis", "height"), ("key_dimension", "C")])
def test_unknown_choice_raises(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be .* Received: {name}='{value}'"):
        TransformerSelfAttention(**{name: value})
