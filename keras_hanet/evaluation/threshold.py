"""The operating point: from a probability to a mask, and how it is chosen on validation images."""

from typing import NamedTuple

import cv2
import numpy as np

from keras_hanet.metrics import as_booleans

THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))
LESION_SHARES = (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008)
_ROUNDING = 1e-3  # resizing may leave 0..1 by this much


class Choice(NamedTuple):
    """An operating point.

    Attributes:
        threshold: probability from which a pixel is lesion.
        min_lesion_share: smallest lesion kept, as a share of the image's pixels.
        score: mean Dice over the images it was chosen on, a true negative counted as 1.
    """

    threshold: float
    min_lesion_share: float
    score: float


def apply_threshold(probability, threshold, min_lesion_share):
    """Turn a probability into a mask, without the specks.

    Args:
        probability: (H, W) float32 in 0..1, at the image's own size.
        threshold: a pixel is lesion where its probability is at least this.
        min_lesion_share: connected regions (a pixel has 8 neighbours) with fewer pixels than this
            share of H * W are removed.

    Returns:
        (H, W) uint8 in {0, 1}.

    Raises:
        ValueError: if the probability is not (H, W) or leaves 0..1, as logits or nan do.
    """
    _check_probability(probability)
    mask = (probability >= threshold).astype(np.uint8)
    # Labelling costs by the pixel: a lesion's bounding box is a small part of an image.
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return mask
    inside = mask[top : top + height, left : left + width]
    labels, areas = _label(inside)
    kept = _kept(areas, probability, min_lesion_share)
    if not kept[1:].all():
        inside[:] = kept.astype(np.uint8)[labels]
    return mask


def choose_threshold(probabilities, masks):
    """Choose threshold and smallest lesion on validation images, never on those that are scored.

    Every pair of THRESHOLDS and LESION_SHARES is tried; the best mean Dice over the images wins,
    where a true negative counts as 1, so that one rule serves lesions and normals. Ties go to the
    threshold nearest 0.5, then to the smaller area, then to the lower threshold.

    Args:
        probabilities: list of (H, W) float32 in 0..1, each at its image's own size.
        masks: list of (H, W) uint8 in {0, 1}, the references.

    Returns:
        Choice.

    Raises:
        ValueError: if there is no image, the lengths or shapes differ or values are out of range.
    """
    if len(probabilities) != len(masks) or not len(masks):
        raise ValueError(
            "One mask is needed for each probability, and at least one image. "
            f"Received: len(probabilities)={len(probabilities)}, len(masks)={len(masks)}"
        )
    scores = np.mean([_dice_table(*pair) for pair in zip(probabilities, masks, strict=True)], axis=0)
    choices = [
        Choice(threshold, share, float(scores[row, column]))
        for row, threshold in enumerate(THRESHOLDS)
        for column, share in enumerate(LESION_SHARES)
    ]
    return min(
        choices, key=lambda c: (-c.score, round(abs(c.threshold - 0.5), 2), c.min_lesion_share, c.threshold)
    )


def _dice_table(probability, mask):
    """Dice of one image at each threshold and smallest lesion, (17, 6); regions found once a threshold."""
    _check_probability(probability)
    mask, _ = as_booleans(mask, np.zeros(np.shape(probability), bool))
    num_true = np.count_nonzero(mask)
    table = np.empty((len(THRESHOLDS), len(LESION_SHARES)))
    for row, threshold in enumerate(THRESHOLDS):
        labels, areas = _label((probability >= threshold).astype(np.uint8))
        hits = np.bincount(labels[mask], minlength=len(areas))
        for column, share in enumerate(LESION_SHARES):
            kept = _kept(areas, probability, share)
            both = areas[kept].sum() + num_true
            table[row, column] = 2 * hits[kept].sum() / both if both else 1.0
    return table


def _label(mask):
    """Label of each pixel (0 is background) and the area of each label."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return labels, stats[:, cv2.CC_STAT_AREA]


def _kept(areas, probability, min_lesion_share):
    """Which labels are lesion: large enough, and never the background."""
    kept = areas >= min_lesion_share * probability.size
    kept[0] = False
    return kept


def _check_probability(probability):
    if np.ndim(probability) != 2 or not np.size(probability):
        raise ValueError(f"A probability has the shape (H, W). Received: shape={np.shape(probability)}")
    low, high = probability.min(), probability.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ValueError(f"A probability lies in 0..1; logits need a sigmoid. Received: {low} to {high}")
