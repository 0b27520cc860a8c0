"""What is shown of a network is what the network computes."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from helpers import randomise, tiny_config

from keras_hanet.errors import InputError
from keras_hanet.explain.maps import GSA, TSA, Attention, Inspector
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata
from keras_hanet.models.ha_net import build_ha_net

SIZE = 64  # the bottleneck is 2 x 2 with 16 channels
METADATA = Metadata(SIZE, 0.5, 0.0, "tiny")
pytestmark = pytest.mark.usefixtures("tiny_network")


def network(**switches):
    model = build_ha_net(replace(tiny_config().model, **{"feature_enhancement": "space", **switches}))
    randomise(model)
    return model


def picture(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (50, 70, 3), dtype=np.uint8)


def inner(model, names, image):
    """What the named layers give within the network."""
    parts = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    batch = Predictor.from_function(None, METADATA)._resize([image])
    return {name: keras.ops.convert_to_numpy(value)[0] for name, value in parts(batch).items()}


@pytest.mark.parametrize("self_attention", ["channel", "position"])
def test_attention_recombined_with_the_values_is_the_layers_output(self_attention):
    model, image = network(self_attention=self_attention), picture()
    explanation = Inspector(model, METADATA).explain(image)
    for name, scale in ((TSA, "lambda_1"), (GSA, "lambda_2")):
        attention, layer = explanation.attentions[name], model.get_layer(name)
        np.testing.assert_allclose(attention.weights.sum(axis=1), 1, atol=1e-5)
        value = layer._projections[2] if name == TSA else layer._value
        source = keras.Model(model.input, value(layer.input))
        resized = Predictor.from_function(None, METADATA)._resize([image])
        tokens = keras.ops.convert_to_numpy(source(resized))[0].reshape(4, 16)
        by_channel = name == TSA and self_attention == "channel"
        assert attention.tokens == ("channels" if by_channel else "positions")
        combined = (attention.weights @ tokens.T).T if by_channel else attention.weights @ tokens
        assert combined.std() > 0.1
        outputs = inner(model, [name, scale], image)
        np.testing.assert_allclose(combined.reshape(2, 2, 16), outputs[name], rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(attention.scale * outputs[name], outputs[scale], rtol=1e-4, atol=1e-4)


def test_what_a_branch_adds_is_what_the_sum_gets():
    model, image = network(), picture()
    explanation = Inspector(model, METADATA).explain(image)
    outputs = inner(model, ["lambda_1", "lambda_2", "tiny_5_relu"], image)
    usual = np.linalg.norm(outputs["tiny_5_relu"], axis=-1).mean()
    for name, scale in ((TSA, "lambda_1"), (GSA, "lambda_2")):
        expected = np.linalg.norm(outputs[scale], axis=-1) / usual
        np.testing.assert_allclose(explanation.attentions[name].added, expected, rtol=1e-3)


@pytest.mark.parametrize(("reading", "shape"), [("space", (8,)), ("channels", (8, 8))])
def test_coefficients_times_the_skip_are_the_layers_output(reading, shape):
    model, image = network(feature_enhancement=reading), picture()
    explanation = Inspector(model, METADATA).explain(image)
    assert list(explanation.enhancements) == [f"decoder_{level}_enhancement" for level in (4, 3, 2, 1)]
    part = explanation.enhancements["decoder_3_enhancement"]
    assert part.average.shape == part.maximum.shape == shape
    outputs = inner(model, ["decoder_3_enhancement", "tiny_3_relu"], image)
    gates = part.average + part.maximum
    skip, refined = outputs["tiny_3_relu"], outputs["decoder_3_enhancement"]
    weighted = skip * (gates if reading == "space" else gates[..., None])
    np.testing.assert_allclose(weighted, refined, rtol=1e-3, atol=1e-3)
    norms = np.linalg.norm(refined, axis=-1), np.linalg.norm(skip, axis=-1)
    seen = norms[1] > 0
    np.testing.assert_allclose(part.passed[seen], norms[0][seen] / norms[1][seen], rtol=1e-3)
    if reading == "channels":
        np.testing.assert_allclose(part.passed[seen], gates[seen], rtol=1e-3)


def test_prediction_is_the_predictors():
    model, image = network(), picture()
    [expected] = Predictor.from_keras(model, METADATA).predict([image])
    prediction = Inspector(model, METADATA).explain(image).prediction
    np.testing.assert_allclose(prediction.probability, expected.probability, atol=1e-5)
    assert prediction.mask.shape == (50, 70)


@pytest.mark.parametrize(
    ("switches", "absent"),
    [
        ({}, ()),
        ({"self_attention": "none", "position_encoding": "none"}, (TSA,)),
        ({"spatial_attention": False}, (GSA,)),
        ({"feature_enhancement": "none"}, ("spatial_feature_enhancement",)),
        ({"self_attention": "none", "position_encoding": "none", "spatial_attention": False}, (TSA, GSA)),
        ({"position_encoding": "none", "num_classes": 3}, ()),
    ],
)
def test_what_is_switched_off_is_said_to_be_absent(switches, absent):
    explanation = Inspector(network(**switches), METADATA).explain(picture())
    assert explanation.absent == absent
    there = {*explanation.attentions, *(["spatial_feature_enhancement"] * bool(explanation.enhancements))}
    assert there == {TSA, GSA, "spatial_feature_enhancement"} - set(absent)


def test_a_network_without_any_part_is_refused():
    switches = {"self_attention": "none", "position_encoding": "none", "spatial_attention": False}
    with pytest.raises(InputError, match="tiny: expected an HA-Net with TSA, GSA or SFEB to look into"):
        Inspector(network(feature_enhancement="none", **switches), METADATA)


def test_entropy_and_received_attention_by_hand():
    uniform = Attention(np.full((4, 4), 0.25, np.float32), "positions", 1.0, np.ones((2, 2)))
    assert uniform.relative_entropy == pytest.approx(1)
    np.testing.assert_allclose(uniform.received, 1)
    weights = np.array([[1, 0], [0.5, 0.5]], np.float32)
    mixed = Attention(weights, "channels", 1.0, np.ones((1, 1)))
    assert mixed.relative_entropy == pytest.approx(0.5)  # of rows with entropy 0 and log 2
    np.testing.assert_allclose(mixed.received, [1.5, 0.5])
