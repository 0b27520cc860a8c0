"""Long axis and agreement: by hand, at the image edge, and scikit-image as the outside reference."""

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import pdist
from skimage.measure import find_contours, regionprops

from keras_hanet import metrics


def rectangle(height, width, top=2, left=2, shape=(20, 20)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def largest(mask):
    return metrics.largest_region(metrics.label_regions(mask))


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (rectangle(1, 1), 1.0),
        (rectangle(1, 7), 7.0),
        (rectangle(7, 1), 7.0),
        (rectangle(3, 4), math.hypot(2, 4)),  # from the middle of one short side's end to the other's
        (np.eye(5, dtype=np.uint8), math.hypot(5, 4)),
    ],
    ids=["pixel", "row", "column", "rectangle", "diagonal"],
)
def test_long_axis_by_hand(mask, expected):
    assert metrics.long_axis(mask) == pytest.approx(expected)
    assert metrics.long_axis(mask.T == 1) == pytest.approx(expected)


def test_long_axis_of_a_disc_is_its_diameter():
    rows, columns = np.ogrid[:200, :200]
    for radius in (10.0, 40.5, 77.0):
        disc = (rows - 99.5) ** 2 + (columns - 99.5) ** 2 <= radius**2
        assert metrics.long_axis(disc) == pytest.approx(2 * radius, abs=1)


def test_long_axis_is_longer_than_the_long_side_of_the_smallest_rectangle():
    assert metrics.long_axis(rectangle(10, 10)) == pytest.approx(math.hypot(9, 10))


def test_long_axis_with_anisotropic_spacing():
    # Pixels of 9 x 0.5: from the upper side of the first to the lower side of the seventh.
    assert metrics.long_axis(rectangle(1, 7), spacing=(9.0, 0.5)) == pytest.approx(math.hypot(9, 3))
    assert metrics.long_axis(rectangle(1, 7), spacing=(0.1, 0.5)) == 3.5
    assert metrics.long_axis(rectangle(7, 1), spacing=(0.1, 0.5)) == pytest.approx(math.hypot(0.6, 0.5))
    assert metrics.long_axis(rectangle(3, 4), spacing=(2.0, 0.5)) == pytest.approx(math.hypot(6, 1.5))


def test_image_edge_changes_nothing():
    full = np.ones((5, 9), np.uint8)
    assert metrics.long_axis(full) == metrics.long_axis(np.pad(full, 3)) == pytest.approx(math.hypot(4, 9))


def test_no_lesion_has_no_axis():
    assert math.isnan(metrics.long_axis(np.zeros((4, 4), np.uint8)))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.8)])
@pytest.mark.parametrize("seed", range(6))
def test_long_axis_is_the_longest_chord_of_scikit_images_outline(seed, spacing):
    random = np.random.default_rng(seed)
    mask = np.zeros((60, 80), bool)
    mask[tuple(random.integers(10, 50, (2, 12)))] = True
    lesion = largest(ndimage.binary_dilation(mask, iterations=int(random.integers(1, 5))))
    outline = np.vstack(find_contours(lesion.astype(float), 0.5)) * spacing
    assert metrics.long_axis(lesion, spacing) == pytest.approx(pdist(outline).max(), rel=1e-12)
    # Its Feret diameter is that of the hull drawn in whole pixels, a little longer where a lesion is hollow.
    theirs = regionprops(lesion.astype(np.uint8), spacing=spacing)[0].feret_diameter_max
    assert metrics.long_axis(lesion, spacing) == pytest.approx(theirs, abs=math.hypot(*spacing) / 2)


@pytest.mark.parametrize(
    ("mask", "long", "short", "angle"),
    [
        (rectangle(1, 1), 1, 1, 0),
        (rectangle(1, 7), 7, 1, 0),
        (rectangle(7, 1), 7, 1, 90),
        # Its diagonals go from side to side, 9 x 10, or from top to bottom, 10 x 9: the flatter ones count.
        (np.ones((10, 10)), math.hypot(9, 10), math.hypot(9, 10), math.degrees(math.atan2(9, 10))),
        # Both diagonals of the outline, a diamond, have a slope of 1: half as long and half as wide.
        (np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]), 3, 3, 0),
        # Along (5, 4); the outline is a strip of slope 1 that is one column wide.
        (np.eye(5), math.hypot(5, 4), math.hypot(5, 4) / (5 + 4), math.degrees(math.atan2(4, 5))),
    ],
    ids=["pixel", "row", "column", "square", "plus", "diagonal"],
)
def test_axes_by_hand(mask, long, short, angle):
    assert metrics.axes(mask) == pytest.approx((long, short, angle))


def test_axes_of_a_rectangle_lie_along_and_across_its_diagonal():
    long, short, angle = metrics.axes(rectangle(30, 40, shape=(60, 60)))
    assert long == pytest.approx(math.hypot(29, 40))  # from the middle of a side's last pixel to that of the other's
    assert angle == pytest.approx(math.degrees(math.atan2(29, 40)))
    # A line across the middle from the upper to the lower side, at a right angle to the diagonal of slope 29 / 40.
    assert short == pytest.approx(30 * long / 40)


@pytest.mark.parametrize("turn", range(0, 180, 15))
def test_axes_of_an_ellipse_are_its_own(turn):
    rows, columns = np.ogrid[-99.5:100, -99.5:100]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    ellipse = ((columns * cos - rows * sin) / 80) ** 2 + ((columns * sin + rows * cos) / 45) ** 2 <= 1
    long, short, angle = metrics.axes(ellipse)
    assert (long, short) == pytest.approx((160, 90), abs=1.5)
    assert angle == pytest.approx(min(turn, 180 - turn), abs=4)


def test_axes_with_anisotropic_spacing():
    disc = np.hypot(*np.ogrid[-50:51, -50:51]) <= 50  # in pixels of 0.1 x 0.3 an ellipse of 10.1 x 30.3
    assert metrics.axes(disc, (0.1, 0.3)) == pytest.approx((30.3, 10.1, 0), abs=1e-9)
    assert metrics.axes(disc, (0.3, 0.1)) == pytest.approx((30.3, 10.1, 90), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_mirrored_axes_are_as_long_and_as_steep(seed):
    blob = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(60, 80)), 6) > 0.02
    axes = metrics.axes(blob, (0.4, 0.7))
    assert metrics.axes(blob[:, ::-1], (0.4, 0.7)) == pytest.approx(axes)
    assert metrics.axes(blob[::-1], (0.4, 0.7)) == pytest.approx(axes)
    assert metrics.axes(blob.T, (0.7, 0.4)) == pytest.approx((axes.long, axes.short, 90 - axes.angle_deg))
    assert axes.short <= axes.long


def test_no_lesion_has_no_axes():
    assert all(math.isnan(value) for value in metrics.axes(np.zeros((4, 4), np.uint8)))


def test_agreement_by_hand():
    bias, sd, limits = metrics.agreement([10, 20, 30], [12, 20, 34])  # differences 2, 0, 4
    assert (bias, sd) == (2.0, 2.0)
    assert limits == pytest.approx((2 - 3.92, 2 + 3.92))


def test_agreement_of_the_published_peak_flow_example():
    """Bland and Altman, Lancet 1986: Wright peak flow meter and mini meter, first readings, 17 subjects."""
    wright = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    bias, sd, (low, high) = metrics.agreement(mini, wright)
    assert bias == pytest.approx(-2.1, abs=0.05)  # litres a minute, as printed
    assert sd == pytest.approx(38.8, abs=0.05)
    # The paper multiplies by 2 instead of 1.96 and prints -79.7 and 75.5.
    assert (low, high) == pytest.approx((-79.7 + 0.04 * sd, 75.5 - 0.04 * sd), abs=0.1)


def test_agreement_of_too_few():
    bias, sd, limits = metrics.agreement([10], [12])
    assert bias == 2.0
    assert all(math.isnan(value) for value in (sd, *limits))
    assert math.isnan(metrics.agreement([], [])[0])
