import numpy as np
from keras import ops

from keras_hanet.layers.normal_softmax import normal_softmax


def test_weights_are_those_of_softmax():
    scores = np.array([[0.0, np.log(2), np.log(5)]], "float32")
    np.testing.assert_allclose(ops.convert_to_numpy(normal_softmax(scores)), [[1 / 8, 2 / 8, 5 / 8]], rtol=1e-6)


def test_no_weight_is_subnormal():
    weights = ops.convert_to_numpy(normal_softmax(np.array([[0.0, -95.0, -1000.0]], "float32")))
    np.testing.assert_array_equal(weights[0, 0], 1.0)
    assert (weights > np.finfo(np.float32).tiny).all()
    assert weights.sum() == 1.0
