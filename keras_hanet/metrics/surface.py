"""Distance between the outlines of two masks: the distances once, then a score from them.

The outline of a mask is its border pixels: lesion pixels with a background pixel above, below, left
or right of them. Outside the image is background, so a lesion cut off by the image edge has its
outline there. A distance runs from a pixel's centre to the nearest centre of the other outline.

Empty masks follow one rule. Both empty: nan, "not scored". One empty (a missed lesion or a false
alarm): HD95, Hausdorff and ASSD are the image's diagonal, in the unit of the spacing; NSD is 0.

Where the package surface-distance differs: its outline runs through the corners between pixels
rather than through pixel centres, so a distance may differ by up to a pixel's diagonal; it weighs
each element by its length, here every border pixel counts 1; its percentile is an element's own
distance, here it is interpolated linearly (as in MONAI); its average is given for each direction,
ASSD here is the mean over the border pixels of both; with one mask empty it gives infinity.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from keras_hanet.metrics.overlap import as_booleans


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between two outlines, in the unit of the spacing (pixels if none was given).

    Attributes:
        true_to_pred: (number of border pixels of the reference,) float64, from each to the nearest
            border pixel of the prediction; infinite if there is no prediction.
        pred_to_true: the same from the prediction to the reference.
        diagonal: length of the image's diagonal.
    """

    true_to_pred: np.ndarray
    pred_to_true: np.ndarray
    diagonal: float


def surface_distances(mask_true, mask_pred, spacing=(1.0, 1.0)):
    """Measure the distances that `hd95`, `hausdorff`, `assd` and `nsd` reduce to a score.

    Args:
        mask_true: (H, W), any dtype, in {0, 1}; the reference.
        mask_pred: (H, W), any dtype, in {0, 1}.
        spacing: height and width of a pixel, as (rows, columns), e.g. in mm.

    Returns:
        SurfaceDistances.

    Raises:
        ValueError: as `confusion`, or if the spacing is not two positive numbers.
    """
    mask_true, mask_pred = as_booleans(mask_true, mask_pred)
    if len(spacing) != 2 or not all(0 < step < math.inf for step in spacing):
        raise ValueError(f"The spacing is two positive numbers, (rows, columns). Received: spacing={spacing}")
    height, width = mask_true.shape
    diagonal = math.hypot(height * spacing[0], width * spacing[1])
    window = _bounding_box(mask_true | mask_pred)
    border_true, border_pred = _border(mask_true[window]), _border(mask_pred[window])
    return SurfaceDistances(
        _distances(border_true, border_pred, spacing), _distances(border_pred, border_true, spacing), diagonal
    )


def hd95(distances):
    """The larger of the two directed 95th percentiles."""
    return _percentile(distances, 95)


def hausdorff(distances):
    """The largest distance of a border pixel to the other outline."""
    return _percentile(distances, 100)


def assd(distances):
    """Average symmetric surface distance: the mean over the border pixels of both masks."""
    both = _both(distances)
    if both.size == 0:
        return math.nan
    return float(both.mean()) if np.isfinite(both).all() else distances.diagonal


def nsd(distances, tolerance):
    """Normalised surface Dice: share of both outlines that lies within `tolerance` of the other, 0..1."""
    both = _both(distances)
    return float(np.mean(both <= tolerance)) if both.size else math.nan


def _both(distances):
    return np.concatenate([distances.true_to_pred, distances.pred_to_true])


def _percentile(distances, percent):
    directed = (distances.true_to_pred, distances.pred_to_true)
    if all(values.size == 0 for values in directed):
        return math.nan
    if any(values.size == 0 for values in directed):
        return distances.diagonal
    return float(max(np.percentile(values, percent) for values in directed))


def _bounding_box(mask):
    """Slices around the mask: its outline, and every nearest neighbour on it, lies inside."""
    box = ndimage.find_objects(mask.astype(np.uint8))
    return box[0] if box else (slice(0, 0), slice(0, 0))


def _border(mask):
    return mask & ~ndimage.binary_erosion(mask)


def _distances(border_from, border_to, spacing):
    if not border_to.any():
        return np.full(np.count_nonzero(border_from), np.inf)
    return ndimage.distance_transform_edt(~border_to, sampling=spacing)[border_from]
