"""ResidualScale: nothing at the start, a learned multiple after."""

import keras
import numpy as np
from helpers import check_layer

from keras_hanet.layers import ResidualScale

X = np.array([[1.0, -2.0]], "float32")


def test_branch_is_silent_at_the_start():
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(ResidualScale()(X)), [[0, 0]])


def test_output_is_lambda_times_input():
    layer = ResidualScale(0.5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(X)), [[0.5, -1]])
    layer.weights[0].assign(-3.0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(X)), [[-3, 6]])


def test_one_trainable_number():
    layer = ResidualScale()
    layer.build((None, 4, 4, 8))
    assert [(weight.name, tuple(weight.shape)) for weight in layer.trainable_weights] == [("scale", ())]


def test_lambda_moves_first():
    image = keras.Input((2,))
    model = keras.Model(image, ResidualScale()(image))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    # Output 0, target = input: the gradient of lambda is the mean of 2 (0 - x) x = -(1 + 4), so it becomes 0.5.
    model.train_on_batch(X, X)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model.weights[0]), 0.5, atol=1e-6)


def test_keeps_to_the_rules_of_a_layer(tmp_path):
    check_layer(ResidualScale, {"initial_value": 0.25}, (2, 3, 3, 4), tmp_path / "layer.keras")
