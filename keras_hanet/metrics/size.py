"""Size of a lesion, and how well two ways of measuring it agree."""

import math
from typing import NamedTuple

import cv2
import numpy as np

Z_95 = 1.96  # 95 % of a normal distribution lie within this many standard deviations

_SIDES = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)], np.int32)  # middles of a pixel's sides, in half pixels


class Axes(NamedTuple):
    """The two diameters of a lesion, in the unit of the spacing, nan for an empty mask.

    Attributes:
        long: the longest diameter.
        short: the longest diameter at a right angle to it.
        angle_deg: of the long one, 0 along the rows of the image to 90 across them; of equally long ones the flattest.
    """

    long: float
    short: float
    angle_deg: float


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
    return axes(mask, spacing).long


def axes(mask, spacing=(1.0, 1.0)):
    """Long axis, as `long_axis`, and the longest line across the same outline's hull that is perpendicular to it.

    The pair that a reader measures, and that WHO and RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009) ask for. A
    disc of diameter n has n and n, a row of n pixels n and 1; the long axis of a rectangle is its diagonal, and its
    short axis lies across that, longer than the short side.

    Args:
        mask: (H, W), any dtype, in {0, 1}.
        spacing: height and width of a pixel, as (rows, columns), e.g. in mm.

    Returns:
        Axes.
    """
    hull = _outline_hull(mask) * spacing
    if not len(hull):
        return Axes(math.nan, math.nan, math.nan)
    rows, columns = hull.T
    squares = (rows[:, None] - rows) ** 2 + (columns[:, None] - columns) ** 2
    ends = np.argwhere(squares >= squares.max() * (1 - 1e-12))  # a round lesion has several, equal but for rounding
    height, width = np.abs(hull[ends[:, 0]] - hull[ends[:, 1]]).T
    angles, long = np.arctan2(height, width), np.hypot(height, width).max()
    flattest = angles.argmin()
    first, last = ends[flattest]
    along = (hull[last] - hull[first]) / long
    short = _longest_chord(np.roll(hull, -first, axis=0), along, (last - first) % len(hull))
    return Axes(float(long), short, math.degrees(angles[flattest]))


def row_ends(mask):
    """First and last pixel of each row that has any: (N, 2) of row and column; the hull of a mask is that of these."""
    mask = np.asarray(mask).astype(bool)
    filled = np.flatnonzero(mask.any(axis=1))
    left, right = mask[filled].argmax(axis=1), mask.shape[1] - 1 - mask[filled, ::-1].argmax(axis=1)
    return np.stack([np.tile(filled, 2), np.concatenate([left, right])], axis=1).astype(np.int32)


def _outline_hull(mask):
    """Corners of the hull of the outline through the middles of the pixels' outer sides: (N, 2), rows and columns."""
    halves = (2 * row_ends(mask)[:, None] + _SIDES).reshape(-1, 2)  # in half pixels: whole numbers, exact
    return cv2.convexHull(halves).reshape(-1, 2) / 2 if len(halves) else np.zeros((0, 2))


def _longest_chord(hull, direction, last):
    """Longest line inside a convex polygon at a right angle to its long axis, which runs from corner 0 to `last`."""
    along, across = hull @ direction, hull @ (-direction[1], direction[0])
    there, back = np.interp(along, along[: last + 1], across[: last + 1]), np.append(along[last:], along[0])[::-1]
    return float(np.abs(there - np.interp(along, back, np.append(across[last:], across[0])[::-1])).max())


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
