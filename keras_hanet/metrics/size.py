"""Size of a lesion, and how well two ways of measuring it agree."""

import cv2
import numpy as np

Z_95 = 1.96  # 95 % of a normal distribution lie within this many standard deviations


def long_axis(mask, spacing=(1.0, 1.0)):
    """Longest diameter of what the mask shows: the largest distance between two points of its outline.

    This is the maximum Feret diameter, what a reader measures between two calipers; the long side of
    the smallest enclosing rectangle would be shorter across a diagonal. The outline is taken through
    the middles of the pixels' outer sides, so that a row of n pixels is n long; through the pixels'
    centres it would be n - 1. It is the longest in any direction, also where the image edge cuts the
    lesion off: the part outside is not known and not guessed.

    Args:
        mask: (H, W), any dtype, in {0, 1}; several regions are measured across all of them.
        spacing: height and width of a pixel, as (rows, columns), e.g. in mm.

    Returns:
        float, in the unit of the spacing; nan for an empty mask.
    """
    mask = np.asarray(mask).astype(bool)
    filled = np.flatnonzero(mask.any(axis=1))
    if not filled.size:
        return float("nan")
    left, right = mask[filled].argmax(axis=1), mask.shape[1] - 1 - mask[filled, ::-1].argmax(axis=1)
    ends = np.stack([np.concatenate([left, right]), np.tile(filled, 2)], axis=1)  # first and last pixel of each row
    columns, rows = cv2.convexHull(ends.astype(np.int32)).reshape(-1, 2).T.astype(np.float64)
    height, width = np.abs(rows - rows[:, None]), np.abs(columns - columns[:, None])
    # The far sides of two pixels lie half a pixel out at each end, in rows or in columns.
    upright = np.hypot((height + 1) * spacing[0], width * spacing[1])
    lying = np.hypot(height * spacing[0], (width + 1) * spacing[1])
    return float(max(upright.max(), lying.max()))


def agreement(size_true, size_pred):
    """Bias and 95 % limits of agreement of two measurements (Bland and Altman, Lancet 1986).

    Args:
        size_true: (N,) numbers, the reference, in any unit.
        size_pred: (N,) numbers of the same unit.

    Returns:
        (bias, sd, (low, high)): the mean of predicted minus true, the standard deviation of that
        difference (N - 1), and bias -+ 1.96 sd. sd and limits are nan for N = 1, all for N = 0.
    """
    difference = np.asarray(size_pred, dtype=np.float64) - np.asarray(size_true, dtype=np.float64)
    bias = float(difference.mean()) if difference.size else float("nan")
    sd = float(difference.std(ddof=1)) if difference.size > 1 else float("nan")
    return bias, sd, (bias - Z_95 * sd, bias + Z_95 * sd)
