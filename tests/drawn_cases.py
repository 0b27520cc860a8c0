"""Six images of 6 x 8 pixels whose every score can be checked by hand."""

import math

import numpy as np

from keras_hanet.evaluation import cases

LESION = np.zeros((6, 8), np.uint8)
LESION[1:3, 1:3] = 1
FOUND = np.zeros((6, 8), np.uint8)
FOUND[1:3, 1:4] = 1
EMPTY = np.zeros((6, 8), np.uint8)


def score(mask_true, mask_pred):
    """Scores of a model that says 0.75 where it predicts and 0.125 elsewhere."""
    probability = np.where(mask_pred == 1, 0.75, 0.125).astype(np.float32)
    return cases.score_case(mask_true, mask_pred, probability)


def drawn_rows():
    """Found, found exactly, missed; false alarm, true negative, and one that is benign without a mask."""
    return [
        _row("a", "1", "benign", LESION, FOUND),  # Dice 8/10, IoU 4/6
        _row("b", "1", "malignant", LESION, LESION),  # 1, 1
        _row("c", "2", "benign", LESION, EMPTY),  # 0, 0
        _row("d", "3", "normal", EMPTY, FOUND),  # 0, 0
        _row("e", "4", None, EMPTY, EMPTY),  # not scored
        _row("f, g", "5", "benign", EMPTY, EMPTY),  # called benign, but the reference is empty
    ]


def _row(name, group, diagnosis, mask_true, mask_pred):
    return {
        "id": name,
        "source": "phantoms",
        "diagnosis": diagnosis,
        "group": group,
        "fold": None if name == "e" else 2,
        "height": 6,
        "width": 8,
        **score(mask_true, mask_pred),
        **cases.score_case_at_s(mask_true[:, :6], mask_pred[:, :6]),
        "device": "scanner" if name in "ab" else None,
        "annotated": {"a": True, "b": False}.get(name),
        "normal_probability": 0.125 if name == "a" else math.nan,
        "benign_probability": 0.625 if name == "a" else math.nan,
        "malignant_probability": 0.25 if name == "a" else math.nan,
    }
