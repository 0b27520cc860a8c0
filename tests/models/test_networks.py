"""Every architecture keeps the contract, learns, and survives training's copies and the disk."""

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.errors import InputError
from keras_hanet.losses import BCEJaccardLoss
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.networks import PEERS, build_network, describe, load_pretrained
from keras_hanet.training.fused_batch_norm import fuse_batch_norm


def config(architecture, **values):
    return HANetConfig(architecture=architecture, **{"size": 64, "base_filters": 8, **values})


def images(num=2, size=64):
    return np.random.default_rng(0).uniform(0, 255, (num, size, size, 3)).astype("float32")


def logits(model, values):
    """Without a compiled function, which takes longer than what it computes."""
    return keras.ops.convert_to_numpy(model(values, training=False))


def arrays(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]


# DenseNet121 takes as long as all others together; what is its own is in test_densenet121_unet.py.
NAMES = [pytest.param(name, marks=pytest.mark.slow) if peer.encoder else name for name, peer in PEERS.items()]


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    keras.utils.set_random_seed(0)
    return build_network(config(name))


def test_config_knows_the_same_architectures():
    assert [config(name).architecture for name in PEERS] == [*PEERS]
    with pytest.raises(InputError, match=f"^architecture must be one of ha_net, {', '.join(PEERS)}, got 'vnet'$"):
        config("vnet")


def test_tensor_contract(name, model):
    assert model.name == name
    assert model.input.name == "image"
    assert model.input.dtype == "float32"
    assert tuple(model.input.shape) == (None, 64, 64, 3)
    assert tuple(model.output.shape) == (None, 64, 64, 1)
    assert model.output.dtype == "float32"
    grey = [np.full((1, 64, 64, 3), level, "float32") for level in (0, 255)]
    assert np.isfinite(logits(model, np.concatenate([images(), *grey]))).all()
    assert model.get_layer("segmentation").activation is keras.activations.linear, "logits, not probabilities"
    assert model.get_layer("normalisation")


def test_other_sizes_have_the_same_weights(name, model):
    other = build_network(config(name, size=96))
    assert tuple(other.output.shape) == (None, 96, 96, 1)
    other.set_weights(model.get_weights())
    assert np.isfinite(logits(other, images(1, 96))).all()


def test_every_trainable_weight_changes_in_a_step(model):
    start = model.get_weights()
    model.compile(keras.optimizers.Adam(1e-2), BCEJaccardLoss(), run_eagerly=True)
    before = arrays(model)
    model.train_on_batch(images(4), np.random.default_rng(1).integers(0, 2, (4, 64, 64, 1)).astype("float32"))
    pairs = zip(model.trainable_weights, before, arrays(model), strict=True)
    assert [weight.path for weight, old, new in pairs if np.array_equal(old, new)] == []
    model.set_weights(start)


def test_copy_for_training_and_back_and_the_disk_keep_the_logits(name, model, tmp_path):
    fused = fuse_batch_norm(model)
    rng = np.random.default_rng(0)
    # Kernels are random already; what starts as zeros and ones is made to differ.
    fused.set_weights([value + rng.uniform(0, 0.1, value.shape) * (value.ndim == 1) for value in fused.get_weights()])
    plain = build_network(config(name))
    plain.set_weights(fused.get_weights())
    expected = logits(plain, images())
    assert expected.std() > 0
    # The fused kernel adds in another order; the largest difference seen is 4e-6.
    np.testing.assert_allclose(logits(fused, images()), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    plain.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(logits(loaded, images()), expected)


def test_logits_are_float32_in_mixed_precision(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = build_network(config(name, size=32))
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in half.layers if isinstance(layer, keras.layers.Conv2D)} == {
        *("bfloat16", "float32")
    }
    assert half.output.dtype == "float32"
    assert logits(half, images(1, 32)).dtype == np.float32


def test_width_is_the_published_one_unless_given():
    models = [build_network(config("segresnet", size=32, base_filters=filters)) for filters in (0, 8, 16)]
    counts = [model.count_params() for model in models]
    assert counts == [395_121, 395_121, 1_576_673]
    published = {"unet": 64, "attention_unet": 64, "segresnet": 8, "densenet121_unet": 16, "uesa_net": 64}
    assert {name: peer.filters for name, peer in PEERS.items()} == published


def test_ha_net_is_built_as_before(tiny_network):
    model = build_network(HANetConfig(encoder="efficientnet_lite0", size=64, num_classes=3))
    assert model.name == "ha_net"
    assert set(model.output) == {"segmentation", "diagnosis"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "HA-Net(densenet121)"),
        ({"encoder": "efficientnet_lite0"}, "HA-Net(efficientnet_lite0)"),
        ({"architecture": "unet"}, "U-Net (width 64)"),
        ({"architecture": "attention_unet", "base_filters": 16}, "Attention U-Net (width 16)"),
        ({"architecture": "uesa_net"}, "UESA-Net, a reading (width 64)"),
    ],
)
def test_network_in_words(values, expected):
    assert describe(HANetConfig(**values)) == expected


@pytest.mark.parametrize(
    ("values", "encoder"),
    [
        ({}, "densenet121"),
        ({"encoder": "efficientnet_lite0"}, "efficientnet_lite0"),
        ({"architecture": "densenet121_unet", "encoder": "efficientnet_lite0"}, "densenet121"),
    ],
)
def test_which_encoder_is_filled(values, encoder, monkeypatch):
    monkeypatch.setattr("keras_hanet.models.networks.load_encoder_weights", lambda *arguments: arguments)
    assert load_pretrained("model", HANetConfig(encoder_weights="imagenet", **values)) == ("model", encoder, "imagenet")


@pytest.mark.slow
def test_encoder_weights_fill_the_encoder_of_densenet121_unet(tmp_path):
    source = keras.applications.DenseNet121(include_top=False, weights=None)
    randomise(source)
    source.save(tmp_path / "densenet121.keras")
    wanted = config("densenet121_unet", encoder_weights=str(tmp_path / "densenet121.keras"))
    model = build_network(wanted)
    decoder = model.get_layer("decoder_4a_conv").get_weights()[0]
    assert load_pretrained(model, wanted) == str(tmp_path / "densenet121.keras")
    for name in ("conv1_conv", "conv4_block7_1_bn", "bn"):
        pairs = zip(model.get_layer(name).get_weights(), source.get_layer(name).get_weights(), strict=True)
        assert all(np.array_equal(*pair) for pair in pairs)
    np.testing.assert_array_equal(model.get_layer("decoder_4a_conv").get_weights()[0], decoder)


def test_network_without_pretrained_encoder_stays_as_it_is():
    wanted = config("unet", encoder_weights="imagenet")
    model = build_network(wanted)
    before = model.get_weights()
    assert load_pretrained(model, wanted) is None
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
