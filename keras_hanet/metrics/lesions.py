"""Lesions one by one: connected regions, and which region of the prediction is which lesion.

A lesion is a connected region of the mask; a pixel has 8 neighbours. The image edge changes nothing:
a region that it cuts off is a lesion like any other, two parts that meet only outside stay two.
"""

from typing import NamedTuple

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment


class Regions(NamedTuple):
    """The connected regions of a mask.

    Attributes:
        labels: (H, W) int32; 0 is background, then 1, 2, ...
        areas: (number of regions,) int32, pixels of each.
    """

    labels: np.ndarray
    areas: np.ndarray


def label_regions(mask):
    """Number each connected region, once; `lesion_ious` and `largest_region` work on the numbers.

    Args:
        mask: (H, W), any dtype, in {0, 1}.

    Returns:
        Regions.
    """
    mask = np.asarray(mask).astype(np.uint8)
    labels = np.zeros(mask.shape, np.int32)
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return Regions(labels, np.zeros(0, np.int32))
    box = slice(top, top + height), slice(left, left + width)
    _, labels[box], stats, _ = cv2.connectedComponentsWithStats(mask[box], connectivity=8)
    return Regions(labels, stats[1:, cv2.CC_STAT_AREA])


def lesion_ious(regions_true, regions_pred):
    """Intersection over union of every lesion with every predicted region.

    Args:
        regions_true: `Regions` of the reference.
        regions_pred: `Regions` of the prediction, of one shape with it.

    Returns:
        (number of lesions, number of predicted regions) float64, 0..1; a side may be 0.
    """
    both = (regions_true.labels > 0) & (regions_pred.labels > 0)
    shape = len(regions_true.areas), len(regions_pred.areas)
    pairs = (regions_true.labels[both] - 1) * shape[1] + regions_pred.labels[both] - 1
    intersection = np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)
    return intersection / (regions_true.areas[:, None] + regions_pred.areas - intersection)


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


def largest_region(regions):
    """The largest region as a mask, (H, W) bool, empty if there is none; of equal ones the lowest number."""
    if not len(regions.areas):
        return np.zeros(regions.labels.shape, bool)
    return regions.labels == 1 + np.argmax(regions.areas)
