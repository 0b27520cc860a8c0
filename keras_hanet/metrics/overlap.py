"""Overlap of two masks: the four pixel counts once, then a score from them.

Empty masks follow one rule. Both empty: Dice and Jaccard are nan, "not scored". A missed lesion
and a false alarm: 0. Sensitivity needs a lesion and precision a prediction, else they are nan.
"""

from typing import NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """Pixels of one image: true positive, false positive, false negative, true negative."""

    tp: int
    fp: int
    fn: int
    tn: int


def confusion(mask_true, mask_pred):
    """Count the pixels of one image.

    Args:
        mask_true: (H, W), any dtype, in {0, 1}; the reference.
        mask_pred: (H, W), any dtype, in {0, 1}.

    Returns:
        Confusion; its four counts add up to H * W.

    Raises:
        ValueError: if the shapes differ, the masks are not two-dimensional, have no pixel or hold
            other values than 0 and 1.
    """
    mask_true, mask_pred = as_booleans(mask_true, mask_pred)
    tp = int(np.count_nonzero(mask_true & mask_pred))
    fp = int(np.count_nonzero(mask_pred)) - tp
    fn = int(np.count_nonzero(mask_true)) - tp
    return Confusion(tp, fp, fn, mask_true.size - tp - fp - fn)


def dice(counts):
    """2 tp / (2 tp + fp + fn), 0..1; nan if both masks are empty."""
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def jaccard(counts):
    """Intersection over union, tp / (tp + fp + fn), 0..1; nan if both masks are empty."""
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def accuracy(counts):
    """Share of the pixels that are right, 0..1; always defined."""
    return _ratio(counts.tp + counts.tn, sum(counts))


def sensitivity(counts):
    """Share of the lesion that was found, tp / (tp + fn), 0..1; nan without a lesion."""
    return _ratio(counts.tp, counts.tp + counts.fn)


def specificity(counts):
    """Share of the background left alone, tn / (tn + fp), 0..1; nan only if a lesion fills the image."""
    return _ratio(counts.tn, counts.tn + counts.fp)


def precision(counts):
    """Share of the prediction that is lesion, tp / (tp + fp), 0..1; nan without a prediction."""
    return _ratio(counts.tp, counts.tp + counts.fp)


def as_booleans(mask_true, mask_pred):
    """Check a pair of masks and give both as (H, W) bool; raises as `confusion` does."""
    mask_true, mask_pred = np.asarray(mask_true), np.asarray(mask_pred)
    if mask_true.shape != mask_pred.shape or mask_true.ndim != 2 or mask_true.size == 0:
        raise ValueError(
            "Both masks must have one shape (H, W) with at least one pixel. "
            f"Received: mask_true.shape={mask_true.shape}, mask_pred.shape={mask_pred.shape}"
        )
    return _as_boolean(mask_true, "mask_true"), _as_boolean(mask_pred, "mask_pred")


def _as_boolean(mask, name):
    if mask.dtype == np.uint8 and mask.max() <= 1:
        return mask.view(bool)  # the usual case, without a copy
    boolean = mask.astype(bool)
    if not np.array_equal(mask, boolean):
        raise ValueError(
            f"A mask holds 0 and 1 only; divide by 255 or threshold it first. "
            f"Received: {name} with values from {mask.min()} to {mask.max()}"
        )
    return boolean


def _ratio(numerator, denominator):
    return numerator / denominator if denominator else float("nan")
