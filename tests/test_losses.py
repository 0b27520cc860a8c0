"""The loss on 2 x 2 images that can be worked out by hand."""

import inspect
import math

import keras
import numpy as np
import pytest

from keras_hanet.losses import BCEJaccardLoss, binary_cross_entropy, jaccard_loss

SURE = 100.0  # a logit that is as good as probability 1
UPPER = [[1, 1], [0, 0]]
LOWER = [[0, 0], [1, 1]]
LEFT = [[1, 0], [1, 0]]
EMPTY = [[0, 0], [0, 0]]
FULL = [[1, 1], [1, 1]]


def batch(*images):
    return np.array(images, "float32")[..., None]


def certain(*masks):
    """Logits of a prediction that is certain of these masks."""
    return (2 * batch(*masks) - 1) * SURE


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("mask", "predicted", "bce", "jaccard"),
    [
        (UPPER, UPPER, 0, 0),  # ideal
        (UPPER, LOWER, 100, 1 - 1 / 5),  # worst: no overlap, union 4
        (UPPER, LEFT, 50, 1 - 2 / 4),  # half right: overlap 1, union 3
        (UPPER, EMPTY, 50, 1 - 1 / 3),  # missed lesion: overlap 0, union 2
        (EMPTY, EMPTY, 0, 0),  # true negative
        (EMPTY, FULL, 100, 1 - 1 / 5),  # false alarm everywhere
    ],
)
def test_by_hand(mask, predicted, bce, jaccard):
    np.testing.assert_allclose(numbers(binary_cross_entropy(batch(mask), certain(predicted))), [bce], atol=1e-5)
    np.testing.assert_allclose(numbers(jaccard_loss(batch(mask), certain(predicted))), [jaccard], atol=1e-5)


def test_undecided_prediction():
    # p = 1/2 everywhere: overlap 2 * 1/2, union 2 + 2 - 1.
    undecided = np.zeros((1, 2, 2, 1), "float32")
    np.testing.assert_allclose(numbers(binary_cross_entropy(batch(UPPER), undecided)), [math.log(2)], atol=1e-6)
    np.testing.assert_allclose(numbers(jaccard_loss(batch(UPPER), undecided)), [1 - 2 / 4], atol=1e-6)


@pytest.mark.parametrize(("smooth", "expected"), [(1.0, 1 - 2 / 4), (0.5, 1 - 1.5 / 3.5), (1e-6, 1 - 1 / 3)])
def test_smooth_is_added_above_and_below(smooth, expected):
    np.testing.assert_allclose(numbers(jaccard_loss(batch(UPPER), certain(LEFT), smooth)), [expected], atol=1e-5)


@pytest.mark.parametrize("loss", [binary_cross_entropy, jaccard_loss])
def test_one_value_an_image(loss):
    assert numbers(loss(batch(UPPER, LEFT, EMPTY), certain(UPPER, EMPTY, FULL))).shape == (3,)


def test_loss_of_a_batch_is_the_mean_of_its_images_and_not_pooled():
    masks, logits = batch(FULL, [[1, 0], [0, 0]]), certain(FULL, EMPTY)
    whole = float(numbers(BCEJaccardLoss(bce_weight=0)(masks, logits)))
    single = [float(numbers(BCEJaccardLoss(bce_weight=0)(masks[i : i + 1], logits[i : i + 1]))) for i in range(2)]
    assert single == pytest.approx([0, 1 - 1 / 2])
    assert whole == pytest.approx(0.25)
    assert whole != pytest.approx(1 - 5 / 6)  # pooled: overlap 4, union 5


@pytest.mark.parametrize("size", [1e4, 1e30])
def test_huge_logits_stay_finite(size):
    masks, logits = batch(UPPER, UPPER), certain(UPPER, LOWER) / SURE * np.float32(size)
    assert np.isfinite(numbers(BCEJaccardLoss(reduction=None)(masks, logits))).all()
    np.testing.assert_allclose(numbers(binary_cross_entropy(masks, logits)), [0, size], rtol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="takes the gradient by TensorFlow's tape")
@pytest.mark.parametrize("logit", [0.0, 1.5, -1.5, 1e4, -1e4])
def test_gradient_of_cross_entropy_is_probability_minus_reference(logit):
    import tensorflow as tf

    logits = tf.Variable(np.full((1, 2, 2, 1), logit, "float32"))
    with tf.GradientTape() as tape:
        loss = binary_cross_entropy(batch(UPPER), logits)
    probability = 1 / (1 + math.exp(-max(-700, logit)))
    expected = (probability - batch(UPPER)) / 4
    np.testing.assert_allclose(tape.gradient(loss, logits), expected, atol=1e-6)


@pytest.mark.parametrize("loss", [binary_cross_entropy, jaccard_loss])
def test_sixteen_bit_logits_are_summed_in_float32(loss):
    masks = np.ones((1, 64, 64, 1), "float32")
    logits = keras.ops.cast(np.full((1, 64, 64, 1), 0.5, "float32"), "bfloat16")
    assert numbers(loss(masks, logits)).dtype == np.float32
    np.testing.assert_allclose(numbers(loss(masks, logits)), numbers(loss(masks, 0.5 * masks)), rtol=1e-6)


@pytest.mark.parametrize(
    ("bce_weight", "jaccard_weight", "expected"), [(1, 1, 50.5), (1, 0, 50), (0, 1, 0.5), (2, 4, 102)]
)
def test_weights_of_the_terms(bce_weight, jaccard_weight, expected):
    loss = BCEJaccardLoss(bce_weight, jaccard_weight)
    assert float(numbers(loss(batch(UPPER), certain(LEFT)))) == pytest.approx(expected)


def test_config_holds_every_argument_and_comes_back():
    arguments = {"bce_weight": 0.5, "jaccard_weight": 2.0, "smooth": 3.0, "name": "mine"}
    own = set(inspect.signature(BCEJaccardLoss.__init__).parameters) - {"self", "kwargs"}
    assert own == set(arguments)
    loss = BCEJaccardLoss(**arguments)
    assert {name: loss.get_config()[name] for name in arguments} == arguments
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    masks, logits = batch(UPPER), certain(LEFT)
    assert float(numbers(loss(masks, logits))) == pytest.approx(0.5 * 50 + 2 * (1 - 4 / 6))
    assert float(numbers(again(masks, logits))) == float(numbers(loss(masks, logits)))
