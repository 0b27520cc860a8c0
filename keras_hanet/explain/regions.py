"""Where a prediction errs on an image, and what the network saw there: missed lesions and shadows."""

import math

import cv2
import numpy as np

from keras_hanet.metrics.lesions import label_regions, largest_region


def part_image(mask_pred, mask_true=None):
    """Part an image's pixels by what became of them.

    Args:
        mask_pred: (H, W) uint8 {0, 1}.
        mask_true: (H, W) uint8 {0, 1}, the reference; None if there is none.

    Returns:
        {name: (H, W) bool}, each pixel in one of them, regions without a pixel left out: "found", "missed",
        "false" and "elsewhere"; without a reference "predicted" and "elsewhere".
    """
    pred = mask_pred.astype(bool)
    if mask_true is None:
        regions = {"predicted": pred, "elsewhere": ~pred}
    else:
        true = mask_true.astype(bool)
        regions = {"found": true & pred, "missed": true & ~pred, "false": pred & ~true, "elsewhere": ~(true | pred)}
    return {name: region for name, region in regions.items() if region.any()}


def measure_regions(regions, maps):
    """The mean of every map over every region.

    Args:
        regions: what `part_image` gives, (H, W).
        maps: {name: (h, w) float}; smaller ones are brought to (H, W) by nearest, cell by cell.

    Returns:
        {region: {"area_px": int, map: float, ...}}.
    """
    height, width = next(iter(regions.values())).shape
    full = {name: enlarge(values, height, width) for name, values in maps.items()}
    return {
        name: {"area_px": int(region.sum()), **{key: float(values[region].mean()) for key, values in full.items()}}
        for name, region in regions.items()
    }


def describe_missed(mask_true, prediction, grid, metadata):
    """Every lesion of the reference of which less than a tenth is predicted.

    Args:
        mask_true: (H, W) uint8 {0, 1}.
        prediction: `Prediction` of the same size.
        grid: (h, w) of the bottleneck; the cells a lesion covers tell whether attention can see it as a thing
            of its own.
        metadata: `Metadata` of the model.

    Returns:
        list of {"area_px", "cells", "largest_probability", "threshold", "above_threshold_px" (inside the
        lesion), "smallest_px" (smaller regions are removed)}, the largest lesion first.
    """
    regions = label_regions(mask_true)
    missed = []
    for number in range(1, len(regions.areas) + 1):
        lesion = regions.labels == number
        if prediction.mask[lesion].mean() < 0.1:
            inside = prediction.probability[lesion]
            missed.append(
                {
                    "area_px": inside.size,
                    "cells": inside.size / mask_true.size * grid[0] * grid[1],
                    "largest_probability": float(inside.max()),
                    "threshold": metadata.threshold,
                    "above_threshold_px": int((inside >= metadata.threshold).sum()),
                    "smallest_px": math.ceil(metadata.min_lesion_share * mask_true.size),
                }
            )
    return sorted(missed, key=lambda lesion: -lesion["area_px"])


def describe_false(image, mask_true, mask_pred):
    """What is predicted outside of the reference, and whether it looks like a shadow.

    A shadow is dark and lies below what casts it.

    Args:
        image: (H, W, 3) uint8.
        mask_true, mask_pred: (H, W) uint8 {0, 1}.

    Returns:
        {"area_px", "share_below_lesion" (of those pixels, in a column of the reference and deeper than it;
        None without a lesion), "grey", "lesion_grey" (None without a lesion), "elsewhere_grey"} with means of
        grey 0..255; None if nothing is predicted outside.
    """
    true, false = mask_true.astype(bool), mask_pred.astype(bool) & ~mask_true.astype(bool)
    if not false.any():
        return None
    grey, elsewhere = image.mean(axis=2), ~(true | false)
    above = np.cumsum(true[::-1], axis=0)[::-1] == 0  # no pixel of the reference here or deeper
    below = above & true.any(axis=0)
    return {
        "area_px": int(false.sum()),
        "share_below_lesion": float(below[false].mean()) if true.any() else None,
        "grey": float(grey[false].mean()),
        "lesion_grey": float(grey[true].mean()) if true.any() else None,
        "elsewhere_grey": float(grey[elsewhere].mean()) if elsewhere.any() else None,
    }


def find_centre(mask, probability):
    """The (row, column) deepest inside the largest region of a mask; of an empty one, the most probable pixel."""
    if not mask.any():
        return tuple(int(i) for i in np.unravel_index(np.argmax(probability), probability.shape))
    largest = np.pad(largest_region(label_regions(mask)), 1).astype(np.uint8)
    depth = cv2.distanceTransform(largest, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return tuple(int(i) - 1 for i in np.unravel_index(np.argmax(depth), depth.shape))


def enlarge(values, height, width):
    """Bring a grid of cells (h, w) to (height, width) float32 by nearest: each cell stays a cell."""
    return cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
