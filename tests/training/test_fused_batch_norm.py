import keras
import numpy as np
import pytest

from keras_hanet.losses import BCEJaccardLoss
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.training.fused_batch_norm import FusedBatchNormalization, fuse_batch_norm


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(3.0, 2.0, (4, 5, 6, 7)).astype("float32")


@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5, "epsilon": 0.1}])
def test_training_normalises_as_keras_does(values, options):
    plain, fused = keras.layers.BatchNormalization(**options), FusedBatchNormalization(**options)
    expected, got = (keras.ops.convert_to_numpy(layer(values, training=True)) for layer in (plain, fused))
    np.testing.assert_allclose(got, expected, atol=2e-5)
    for mine, reference in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-5, atol=1e-6)


def test_moving_statistics_are_those_of_the_batch(values):
    layer = FusedBatchNormalization(momentum=0.0)
    layer(values, training=True)
    _, _, mean, variance = layer.get_weights()
    np.testing.assert_allclose(mean, values.mean(axis=(0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(variance, values.var(axis=(0, 1, 2)), rtol=1e-4)


def test_inference_uses_the_moving_statistics(values):
    layer = FusedBatchNormalization(epsilon=0.0)
    layer(values, training=True)
    layer.set_weights([np.full(7, 2.0), np.full(7, 1.0), np.full(7, 3.0), np.full(7, 4.0)])
    np.testing.assert_allclose(layer(values, training=False), (values - 3.0) / 2.0 * 2.0 + 1.0, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("encoder", ["efficientnet_lite0", "densenet121"])
def test_a_step_moves_a_network_as_without_it(encoder):
    """One SGD step with the same images: the same weights after it, to float32 rounding."""
    config = HANetConfig(encoder=encoder, encoder_weights="none", size=64, attention_dropout=0.0)
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (4, 64, 64, 3)).astype("float32")
    masks = (rng.uniform(size=(4, 64, 64, 1)) > 0.7).astype("float32")
    keras.utils.set_random_seed(0)
    plain = build_ha_net(config)
    start = plain.get_weights()
    after = []
    for network in (fuse_batch_norm(plain), plain):
        network.set_weights(start)
        network.compile(keras.optimizers.SGD(0.01), BCEJaccardLoss(), jit_compile=False)
        loss = network.train_on_batch(images, masks)
        after.append((loss, network.get_weights()))
    (fused_loss, fused_weights), (plain_loss, plain_weights) = after
    assert fused_loss == pytest.approx(plain_loss, rel=1e-4)
    moved = max(np.abs(new - old).max() for new, old in zip(plain_weights, start, strict=True))
    apart = max(np.abs(a - b).max() for a, b in zip(fused_weights, plain_weights, strict=True))
    assert apart < 0.01 * moved


def test_every_batch_norm_is_replaced_and_the_names_stay():
    config = HANetConfig(encoder="efficientnet_lite0", encoder_weights="none", size=64)
    plain = build_ha_net(config)
    fused = fuse_batch_norm(plain)
    assert [weight.path for weight in fused.weights] == [weight.path for weight in plain.weights]
    norms = [layer for layer in fused.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == sum(isinstance(layer, keras.layers.BatchNormalization) for layer in plain.layers)
    assert all(isinstance(layer, FusedBatchNormalization) for layer in norms)
