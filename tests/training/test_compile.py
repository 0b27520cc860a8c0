"""The optimizer and the learning rate that a configuration asks for."""

import keras
import numpy as np
import pytest
from helpers import tiny_config

from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.training.compile import compile_model


def compiled(**values):
    config = tiny_config(**values)
    model = build_ha_net(config.model)
    compile_model(model, config, steps_per_epoch=10)
    return model


def test_weight_decay_is_for_kernels_only(tiny_network):
    model = compiled(weight_decay=0.5, learning_rate=0.1)
    for weight in model.trainable_variables:
        weight.assign(np.ones(weight.shape))
    model.optimizer.apply([np.zeros(weight.shape, "float32") for weight in model.trainable_variables])
    values = {weight.name: set() for weight in model.trainable_variables}
    for weight in model.trainable_variables:
        values[weight.name] |= set(np.unique(keras.ops.convert_to_numpy(weight).round(5)))
    assert values.pop("kernel") == {np.float32(0.95)}  # 1 - 0.1 * 0.5
    assert set(values) == {"bias", "gamma", "beta", "scale", "rows", "columns"}
    assert set().union(*values.values()) == {1}


def rate_after(model, steps):
    model.optimizer.iterations.assign(steps)
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def test_cosine_schedule_warms_up_for_an_epoch_and_ends_at_zero(tiny_network):
    model = compiled(schedule="cosine", epochs=5, learning_rate=0.1)
    rates = [rate_after(model, steps) for steps in (0, 5, 10, 30, 50)]
    assert rates == pytest.approx([0, 0.05, 0.1, 0.05, 0], abs=1e-6)


def test_cosine_schedule_of_a_single_epoch_is_its_warm_up(tiny_network):
    model = compiled(schedule="cosine", epochs=1, learning_rate=0.1)
    assert [rate_after(model, steps) for steps in (0, 5)] == pytest.approx([0, 0.05])


def test_plateau_schedule_starts_at_its_rate(tiny_network):
    assert rate_after(compiled(learning_rate=0.1), 20) == pytest.approx(0.1)
