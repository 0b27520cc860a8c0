"""Lesions one by one: connected regions, and which region of the prediction is which lesion.

A lesion is a connected region of the mask; a pixel has 8 neighbours. The image edge changes nothing:
a region that it cuts off is a lesion like any other, two parts that meet only outside stay two.
"""

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from keras_hanet.metrics.overlap import as_booleans


def lesion_ious(mask_true, mask_pred):
    """Intersection over union of every lesion with every predicted region.

    Args:
        mask_true: (H, W), any dtype, in {0, 1}; the reference.
        mask_pred: (H, W), any dtype, in {0, 1}.

    Returns:
        (number of lesions, number of predicted regions) float64, 0..1; a side may be 0.

    Raises:
        ValueError: as `confusion`.
    """
    mask_true, mask_pred = as_booleans(mask_true, mask_pred)
    labels_true, areas_true = label_regions(mask_true)
    labels_pred, areas_pred = label_regions(mask_pred)
    both = mask_true & mask_pred
    pairs = (labels_true[both] - 1) * len(areas_pred) + labels_pred[both] - 1
    shape = (len(areas_true), len(areas_pred))
    intersection = np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)
    return intersection / (areas_true[:, None] + areas_pred - intersection)


def count_found(ious, min_iou):
    """Number of lesions found: the most pairs, one to one, whose IoU is at least `min_iou`.

    Sensitivity is this over the number of lesions, precision over the number of predicted regions,
    F1 twice this over their sum. Up to an IoU of 0.5 a region may fit two lesions, and only one counts.

    Args:
        ious: what `lesion_ious` gives.
        min_iou: above 0, at most 1.
    """
    fits = ious >= min_iou
    return int(fits[linear_sum_assignment(fits, maximize=True)].sum())


def largest_lesion(mask):
    """The largest connected region of a mask, (H, W) bool; of equal ones the first, row by row."""
    labels, areas = label_regions(mask)
    return labels == 1 + np.argmax(areas) if areas.size else np.zeros(labels.shape, bool)


def label_regions(mask):
    """Number each connected region (8 neighbours).

    Args:
        mask: (H, W), any dtype, in {0, 1}.

    Returns:
        ((H, W) int32: 0 is background, then 1, 2, ...; (number of regions,) their pixels).
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(mask).astype(np.uint8), connectivity=8)
    return labels, stats[1:, cv2.CC_STAT_AREA]
