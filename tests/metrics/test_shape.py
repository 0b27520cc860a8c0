"""Outline, circularity, dents and irregularity: by hand, and scikit-image as the outside reference."""

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import ellipe
from skimage.measure import label, perimeter_crofton, regionprops
from skimage.morphology import convex_hull_image

from keras_hanet import metrics


def disc(radius, row=1.0, column=1.0):
    """In physical space, in pixels of row x column."""
    rows, columns = math.ceil(radius / row) + 1, math.ceil(radius / column) + 1
    return np.hypot(np.arange(-rows, rows + 1)[:, None] * row, np.arange(-columns, columns + 1) * column) <= radius


def ellipse(a, b, turn):
    rows, columns = np.ogrid[-110.5:111, -110.5:111]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return ((columns * cos - rows * sin) / a) ** 2 + ((columns * sin + rows * cos) / b) ** 2 <= 1


def blobs(seed):
    """Regions of all forms, some with holes."""
    noise = np.random.default_rng(seed).normal(size=(120, 160))
    regions = label(np.pad(ndimage.gaussian_filter(noise, 5) > 0.03, 2), connectivity=2)
    return [region.image for region in regionprops(regions)]


@pytest.mark.parametrize("seed", range(3))
def test_perimeter_is_that_of_scikit_image(seed):
    for blob in blobs(seed):
        assert metrics.perimeter(blob) == pytest.approx(perimeter_crofton(np.pad(blob, 1), 4), rel=1e-12)


def test_perimeter_by_hand():
    # A pixel is crossed, going in and out, by one row, one column and one line of each diagonal, of which the next
    # is 0.707 away; each stands for an eighth of the circle.
    assert metrics.perimeter([[1]]) == pytest.approx(math.pi / 4 * (1 + 1 + math.sqrt(0.5) * 2))
    assert metrics.perimeter(np.zeros((3, 3))) == 0


@pytest.mark.parametrize(("row", "column"), [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0)])
def test_perimeter_of_a_disc_on_pixels_of_any_form(row, column):
    for radius in (77.3, 120, 300):
        found = metrics.perimeter(disc(radius, row, column), (row, column))
        assert found == pytest.approx(2 * math.pi * radius, rel=0.006)


def test_perimeter_of_a_straight_side_is_five_per_cent_short():
    side = metrics.perimeter(np.ones((10, 1010))) - metrics.perimeter(np.ones((10, 10)))
    assert side / 2000 == pytest.approx(math.pi * (1 + math.sqrt(2)) / 8)  # 0.948


def test_perimeter_counts_the_outline_of_a_hole():
    ring = np.pad(disc(20), 30)
    whole = np.hypot(*np.ogrid[-51:52, -51:52]) <= 50
    holed = whole & ~ring
    assert metrics.perimeter(holed) == pytest.approx(metrics.perimeter(whole) + metrics.perimeter(ring))


def test_circularity_of_known_shapes():
    assert metrics.shape(disc(60)).circularity == pytest.approx(1, abs=0.02)
    # Of half axes 100 and 50: its perimeter is 4 a E(1 - (b / a)^2).
    expected = 4 * math.pi * math.pi * 100 * 50 / (4 * 100 * ellipe(0.75)) ** 2
    for turn in (0, 20, 45):
        assert metrics.shape(ellipse(100, 50, turn)).circularity == pytest.approx(expected, rel=0.04)
    assert metrics.shape([[1]]).circularity == 1  # 1.75 by the estimate


def test_solidity_of_what_has_no_dent_is_one():
    for mask in ([[1]], np.ones((1, 7)), np.ones((5, 3)), np.eye(6), disc(30), ellipse(80, 30, 25)):
        assert metrics.solidity(mask) == 1


def test_solidity_of_an_l_by_hand():
    # Pixels of an L of two bars of 5: 9. The hull of their centres is a triangle of 5 x 5 points: 15.
    l_shape = np.zeros((5, 5))
    l_shape[:, 0] = l_shape[4] = 1
    assert metrics.solidity(l_shape) == 9 / 15


@pytest.mark.parametrize("seed", range(3))
def test_solidity_is_that_of_scikit_images_hull(seed):
    for blob in blobs(seed):
        hull = convex_hull_image(blob, offset_coordinates=False) if min(blob.shape) > 1 else blob
        assert metrics.solidity(blob) == pytest.approx(blob.sum() / hull.sum(), rel=1e-12)


@pytest.mark.parametrize("turn", [0, 20, 45, 80])
@pytest.mark.parametrize("b", [100, 60, 30])
def test_an_ellipse_is_not_irregular(b, turn):
    assert metrics.shape(ellipse(100, b, turn)).irregularity == pytest.approx(0, abs=0.025)


@pytest.mark.parametrize("seed", range(3))
def test_irregularity_is_against_scikit_images_ellipse(seed):
    num_irregular = 0
    for blob in blobs(seed):
        [region] = regionprops(blob.astype(np.uint8))
        # Theirs takes pixels for points; a square of side 1 has the variance 1 / 12.
        short, long = (axis**2 / 16 + 1 / 12 for axis in (region.axis_minor_length, region.axis_major_length))
        ratio = math.sqrt(short / long)
        half_axis = math.sqrt(blob.sum() / (math.pi * ratio))
        expected = 1 - 4 * half_axis * ellipe(1 - ratio**2) / perimeter_crofton(np.pad(blob, 1), 4)
        assert metrics.shape(blob).irregularity == pytest.approx(max(0, expected), abs=1e-4)
        num_irregular += expected > 0.1
    assert num_irregular


def test_irregularity_of_a_star_grows_with_its_spikes():
    angles = np.arctan2(*np.ogrid[-99.5:100, -99.5:100])
    radii = np.hypot(*np.ogrid[-99.5:100, -99.5:100])
    found = [metrics.shape(radii <= 60 * (1 + spike * np.cos(9 * angles))).irregularity for spike in (0, 0.1, 0.2, 0.4)]
    # The outline's length by the formula of polar curves; the star's ellipse is a circle of its area.
    for irregularity, spike in zip(found, (0, 0.1, 0.2, 0.4), strict=True):
        t = np.linspace(0, 2 * math.pi, 10000, endpoint=False)
        radius, slope = 1 + spike * np.cos(9 * t), -9 * spike * np.sin(9 * t)
        length = np.hypot(radius, slope).mean()
        assert irregularity == pytest.approx(1 - math.sqrt(1 + spike**2 / 2) / length, abs=0.03)
    assert found == sorted(found)


@pytest.mark.parametrize("seed", range(2))
def test_mirror_turn_and_scale_change_no_shape(seed):
    for blob in blobs(seed):
        expected = metrics.shape(blob, (0.2, 0.5))
        assert metrics.shape(blob[:, ::-1], (0.2, 0.5)) == pytest.approx(expected)
        assert metrics.shape(blob.T, (0.5, 0.2)) == pytest.approx(expected)
        larger = metrics.shape(blob, (2, 5))
        assert larger == pytest.approx((10 * expected.perimeter, expected.circularity, expected.irregularity))
        assert metrics.solidity(blob.T) == pytest.approx(metrics.solidity(blob[::-1]))
