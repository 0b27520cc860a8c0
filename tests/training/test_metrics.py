"""Keras metrics against plain NumPy, over several batches."""

import keras
import numpy as np
import pytest

from keras_hanet.training.metrics import LesionDice, hard_dice, segmentation_metrics

SURE = 100.0


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def batch(*images):
    return np.array(images, "float32")[..., None]


def dice_in_numpy(mask_true, mask_pred):
    total = mask_true.sum() + mask_pred.sum()
    return 2 * (mask_true * mask_pred).sum() / total if total else 1.0


@pytest.mark.parametrize(
    ("mask", "predicted", "dice"),
    [
        ([[1, 1], [0, 0]], [[1, 1], [0, 0]], 1),
        ([[1, 1], [0, 0]], [[1, 0], [1, 0]], 2 * 1 / 4),
        ([[1, 1], [0, 0]], [[1, 1], [1, 1]], 2 * 2 / 6),
        ([[1, 1], [0, 0]], [[0, 0], [0, 0]], 0),
        ([[0, 0], [0, 0]], [[0, 0], [0, 1]], 0),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]], 1),
    ],
)
def test_dice_by_hand(mask, predicted, dice):
    logits = (batch(predicted) - 0.5) * 0.02  # just on either side of probability 0.5
    np.testing.assert_allclose(numbers(hard_dice(batch(mask), logits)), [dice], atol=1e-6)


def random_batches():
    rng = np.random.default_rng(0)
    for num in (4, 4, 2):
        masks = (rng.random((num, 6, 6, 1)) < 0.3).astype("float32")
        masks[0] = 0  # a normal image in each batch
        yield masks, rng.normal(size=(num, 6, 6, 1)).astype("float32")


def test_against_numpy_over_batches_of_different_size():
    metrics = {metric.name: metric for metric in segmentation_metrics()}
    pairs = []
    for masks, logits in random_batches():
        pairs += list(zip(masks, logits, strict=True))
        for metric in metrics.values():
            metric.update_state(masks, logits)
    found = {name: float(numbers(metric.result())) for name, metric in metrics.items()}
    probabilities = [1 / (1 + np.exp(-logits)) for _, logits in pairs]
    scores = [dice_in_numpy(mask, logits > 0) for mask, logits in pairs]
    overlaps = [(mask * p).sum() for (mask, _), p in zip(pairs, probabilities, strict=True)]
    unions = [mask.sum() + p.sum() for (mask, _), p in zip(pairs, probabilities, strict=True)]
    assert found == pytest.approx(
        {
            "bce": np.mean(
                [
                    -np.mean(mask * np.log(p) + (1 - mask) * np.log(1 - p))
                    for (mask, _), p in zip(pairs, probabilities, strict=True)
                ]
            ),
            "jaccard_loss": np.mean([1 - (o + 1) / (u - o + 1) for o, u in zip(overlaps, unions, strict=True)]),
            "dice": np.mean([score for score, (mask, _) in zip(scores, pairs, strict=True) if mask.any()]),
            "score": np.mean(scores),
        },
        abs=1e-5,
    )


def test_batch_without_lesion_does_not_disturb_dice():
    metric = LesionDice()
    lesion = batch([[1, 1], [0, 0]])
    metric.update_state(lesion, batch([[SURE, -SURE], [-SURE, -SURE]]))
    before = float(numbers(metric.result()))
    assert before == pytest.approx(2 / 3)
    for logit in (SURE, -SURE):
        metric.update_state(np.zeros((3, 2, 2, 1), "float32"), np.full((3, 2, 2, 1), logit, "float32"))
    assert float(numbers(metric.result())) == before
    metric.update_state(lesion, (2 * lesion - 1) * SURE)
    assert float(numbers(metric.result())) == pytest.approx((2 / 3 + 1) / 2)


def test_dice_before_the_first_lesion_is_zero_and_reset_forgets():
    metric = LesionDice()
    assert float(numbers(metric.result())) == 0
    metric.update_state(batch([[1, 1], [1, 1]]), np.full((1, 2, 2, 1), SURE, "float32"))
    assert float(numbers(metric.result())) == 1
    metric.reset_state()
    assert float(numbers(metric.result())) == 0


def test_an_image_without_weight_is_in_no_score():
    rng = np.random.default_rng(0)
    masks, logits = (rng.random((3, 4, 4, 1)) < 0.5).astype("float32"), rng.normal(size=(3, 4, 4, 1)).astype("float32")
    for whole, filled_up in zip(segmentation_metrics(), segmentation_metrics(), strict=True):
        whole.update_state(masks[:2], logits[:2])
        filled_up.update_state(masks, logits, np.array([1.5, 1.5, 0], "float32"))
        assert float(numbers(filled_up.result())) == pytest.approx(float(numbers(whole.result())), rel=1e-6)
        assert float(numbers(whole.result())) != 0
