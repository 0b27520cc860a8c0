"""Overlap scores: numbers by hand, the rule for empty masks, scikit-learn as the outside reference."""

import math

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from keras_hanet import metrics

TRUE = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 0]], np.uint8)
PRED = np.array([[0, 1, 1], [0, 1, 0], [0, 0, 0]], np.uint8)
EMPTY = np.zeros((3, 3), np.uint8)
FULL = np.ones((3, 3), np.uint8)
SCORES = ("dice", "jaccard", "accuracy", "sensitivity", "specificity", "precision")


def scores(mask_true, mask_pred):
    counts = metrics.confusion(mask_true, mask_pred)
    return {name: getattr(metrics, name)(counts) for name in SCORES}


def test_confusion_by_hand():
    assert metrics.confusion(TRUE, PRED) == (2, 1, 2, 4)
    assert all(type(count) is int for count in metrics.confusion(TRUE, PRED))


def test_scores_by_hand():
    assert scores(TRUE, PRED) == pytest.approx(
        {
            "dice": 4 / 7,
            "jaccard": 2 / 5,
            "accuracy": 6 / 9,
            "sensitivity": 2 / 4,
            "specificity": 4 / 5,
            "precision": 2 / 3,
        }
    )


@pytest.mark.parametrize(
    ("mask_true", "mask_pred", "expected"),
    [
        # dice, jaccard, accuracy, sensitivity, specificity, precision
        (TRUE, TRUE, (1, 1, 1, 1, 1, 1)),
        (TRUE, EMPTY, (0, 0, 5 / 9, 0, 1, math.nan)),
        (EMPTY, PRED, (0, 0, 6 / 9, math.nan, 6 / 9, 0)),
        (EMPTY, EMPTY, (math.nan, math.nan, 1, math.nan, 1, math.nan)),
        (FULL, FULL, (1, 1, 1, 1, math.nan, 1)),
    ],
    ids=["lesion case", "missed lesion", "false alarm", "true negative", "lesion fills the image"],
)
def test_rule_for_empty_masks(mask_true, mask_pred, expected):
    assert tuple(scores(mask_true, mask_pred).values()) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    random = np.random.default_rng(seed)
    mask_true, mask_pred = (random.random((2, 17, 23)) < random.uniform(0.1, 0.9, (2, 1, 1))).astype(np.uint8)
    pair = (mask_true.ravel(), mask_pred.ravel())
    assert scores(mask_true, mask_pred) == pytest.approx(
        {
            "dice": sklearn_metrics.f1_score(*pair),
            "jaccard": sklearn_metrics.jaccard_score(*pair),
            "accuracy": sklearn_metrics.accuracy_score(*pair),
            "sensitivity": sklearn_metrics.recall_score(*pair),
            "specificity": sklearn_metrics.recall_score(*pair, pos_label=0),
            "precision": sklearn_metrics.precision_score(*pair),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_medpy(seed):
    medpy = pytest.importorskip("medpy.metric.binary")
    random = np.random.default_rng(seed)
    mask_true, mask_pred = random.random((2, 17, 23)) < random.uniform(0.1, 0.9, (2, 1, 1))
    names = {
        "dice": "dc",
        "jaccard": "jc",
        "sensitivity": "recall",
        "specificity": "specificity",
        "precision": "precision",
    }
    theirs = {name: getattr(medpy, called)(mask_pred, mask_true) for name, called in names.items()}
    ours = scores(mask_true, mask_pred)
    assert {name: ours[name] for name in names} == pytest.approx(theirs)


def test_dtype_does_not_matter_and_large_masks_do_not_overflow():
    assert metrics.confusion(TRUE.astype(bool), PRED.astype(np.float32)) == (2, 1, 2, 4)
    large = np.ones((300, 300), np.uint8)
    assert metrics.confusion(large, large) == (90000, 0, 0, 0)


@pytest.mark.parametrize(
    ("mask_true", "mask_pred", "message"),
    [
        (TRUE, np.zeros((3, 4), np.uint8), r"mask_pred.shape=\(3, 4\)"),
        (TRUE[..., None], PRED[..., None], r"\(3, 3, 1\)"),
        (TRUE[:0], PRED[:0], "at least one pixel"),
        (TRUE * 255, PRED, "mask_true with values from 0 to 255"),
        (TRUE, PRED * 0.5, "mask_pred with values from 0.0 to 0.5"),
        (TRUE, np.full((3, 3), np.nan), "mask_pred"),
    ],
)
def test_refuses_what_is_no_pair_of_masks(mask_true, mask_pred, message):
    with pytest.raises(ValueError, match=message):
        metrics.confusion(mask_true, mask_pred)
