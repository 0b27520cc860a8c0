"""Shape of a lesion: how long its outline is for what it encloses.

Spiculated and lobulated outlines are long, round ones short. All of it is measured in physical space, on pixels that
need not be square. Outlines of holes count as outlines.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

from keras_hanet.metrics.size import row_ends


class Shape(NamedTuple):
    """Outline of a lesion against what it encloses.

    Attributes:
        perimeter: as of the function of that name, in the unit of the spacing.
        circularity: 4 pi area / perimeter^2, above 0, 1 for a disc. The outline of a few pixels comes out too short;
            what is then above 1 is taken for 1.
        irregularity: share of the perimeter that is there because the lesion is no ellipse: 1 - 1 / ENC, 0 for an
            ellipse, below 1. The elliptic-normalized circumference ENC is the perimeter over that of the equivalent
            ellipse (Chen et al., Radiology 226 (2003) 504), here the one of the same area with the ratio of axes that
            the second moments give. Unlike circularity it does not count against a lesion that it is long.
    """

    perimeter: float
    circularity: float
    irregularity: float


def shape(mask, spacing=(1.0, 1.0)):
    """Perimeter, circularity and irregularity of one lesion.

    Args:
        mask: (H, W), any dtype, in {0, 1}, not empty.
        spacing: height and width of a pixel, as (rows, columns), e.g. in mm.

    Returns:
        Shape.
    """
    length = perimeter(mask, spacing)
    area = float(np.count_nonzero(mask) * spacing[0] * spacing[1])
    irregularity = 1 - _equivalent_ellipse(mask, spacing, area) / length
    return Shape(length, min(1.0, 4 * math.pi * area / length**2), max(0.0, irregularity))


def perimeter(mask, spacing=(1.0, 1.0)):
    """Length of the outline by Crofton's formula: how often lines in four directions cross it.

    Along the rows, the columns and both diagonals, each weighted with the share of all directions that it stands
    for (Legland et al., Image Anal Stereol 26 (2007) 83, which scikit-image's `perimeter_crofton` follows, too).
    For a disc on square pixels 4 % too long if it is 20 pixels across, 0.6 % if it is 80; a straight side along the
    rows or columns is taken 5 % too short, and one between two of the directions 3 % too long.

    Args:
        mask: (H, W), any dtype, in {0, 1}; outside of it is background.
        spacing: height and width of a pixel, as (rows, columns), e.g. in mm.

    Returns:
        float, in the unit of the spacing; 0 for an empty mask.
    """
    inside = cv2.copyMakeBorder(np.asarray(mask).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    row, column = spacing
    steep = math.atan2(row, column)  # angle of the diagonal of a pixel
    between_diagonals = row * column / math.hypot(row, column)
    lines = (  # pairs of neighbours, distance from a line to the next, angles that the direction stands for
        (inside[:, 1:], inside[:, :-1], row, steep),
        (inside[1:], inside[:-1], column, math.pi / 2 - steep),
        (inside[1:, 1:], inside[:-1, :-1], between_diagonals, math.pi / 4),
        (inside[1:, :-1], inside[:-1, 1:], between_diagonals, math.pi / 4),
    )
    return float(sum(np.count_nonzero(one != other) * apart * angle for one, other, apart, angle in lines) / 2)


def solidity(mask):
    """Area over that of the convex hull, in pixels: 1 without a dent. Spacing changes nothing.

    The hull holds every pixel whose centre lies in the hull of the mask's centres, so a disc, drawn in pixels, has 1.

    Args:
        mask: (H, W), any dtype, in {0, 1}, not empty.

    Returns:
        float, above 0, at most 1.
    """
    hull = cv2.convexHull(row_ends(mask)).reshape(-1, 2)
    sides = np.abs(hull - np.roll(hull, 1, axis=0))
    # Pick's theorem: pixel centres in a polygon with its corners on pixel centres.
    hull_area = cv2.contourArea(hull) + np.gcd(*sides.T).sum() / 2 + 1
    return float(np.count_nonzero(mask) / hull_area)


def _equivalent_ellipse(mask, spacing, area):
    """Perimeter of the ellipse of that area with the mask's second moments, Ramanujan's approximation."""
    moments = cv2.moments(np.asarray(mask).astype(np.uint8), binaryImage=True)
    row, column = spacing
    own = moments["m00"] / 12  # of a pixel, which is no point
    covariance = moments["mu11"] * row * column
    spread = [[(moments["mu02"] + own) * row**2, covariance], [covariance, (moments["mu20"] + own) * column**2]]
    short, long = np.sqrt(np.linalg.eigvalsh(spread))
    a, b = np.array([long, short]) * math.sqrt(area / (math.pi * short * long))
    return float(math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b))))
