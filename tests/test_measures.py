"""Lesion measures: by hand, against scikit-image, and what a border or an unknown spacing leaves out."""

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label, regionprops

from keras_hanet import metrics
from keras_hanet.frame import ScanArea, Spacing
from keras_hanet.measures import LESION_COLUMNS, measure_lesions, to_row

MM = ("long_axis_mm", "short_axis_mm", "depth_mm", "transverse_mm", "perimeter_mm", "area_mm2", "edge_distance_mm")


def rectangle(height, width, top=10, left=20, shape=(60, 90)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def whole(mask, row_mm=0.1, column_mm=0.1):
    return ScanArea(0, 0, *mask.shape, Spacing(row_mm, column_mm))


def blobs(seed):
    return (ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(150, 200)), 6) > 0.02).astype(np.uint8)


def test_rectangle_by_hand():
    [lesion] = measure_lesions(rectangle(8, 30))
    assert (lesion.top_px, lesion.left_px, lesion.box_height_px, lesion.box_width_px) == (10, 20, 8, 30)
    assert (lesion.centre_row_px, lesion.centre_column_px) == (13.5, 34.5)
    assert (lesion.depth_px, lesion.transverse_px, lesion.area_px) == (8, 30, 240)
    assert lesion.long_axis_px == pytest.approx(math.hypot(7, 30))
    assert lesion.short_axis_px == pytest.approx(8 * lesion.long_axis_px / 30)
    assert lesion.long_axis_angle_deg == pytest.approx(math.degrees(math.atan2(7, 30)))
    assert lesion.depth_to_width == pytest.approx(8 / 30)
    assert lesion.edge_distance_px == 10  # rows above it
    assert (lesion.orientation, lesion.solidity, lesion.is_cut) == ("parallel", 1, False)


def test_single_pixel_by_hand():
    [lesion] = measure_lesions(rectangle(1, 1))
    assert (lesion.long_axis_px, lesion.short_axis_px, lesion.depth_px, lesion.transverse_px) == (1, 1, 1, 1)
    assert (lesion.area_px, lesion.solidity, lesion.circularity, lesion.depth_to_width) == (1, 1, 1, 1)


def test_millimetres_on_pixels_that_are_not_square():
    mask = rectangle(1, 7)
    [lesion] = measure_lesions(mask, whole(mask, row_mm=0.5, column_mm=0.1))
    assert (lesion.long_axis_px, lesion.short_axis_px) == pytest.approx((7, 1))
    assert lesion.long_axis_mm == pytest.approx(math.hypot(0.5, 0.6))  # upper side of the first to lower of the last
    assert (lesion.depth_mm, lesion.transverse_mm, lesion.area_mm2) == pytest.approx((0.5, 0.7, 0.35))
    assert lesion.long_axis_angle_deg == pytest.approx(math.degrees(math.atan2(0.5, 0.6)))
    assert lesion.depth_to_width == pytest.approx(5 / 7)
    # 10 rows of 0.5 mm above it, 20 columns of 0.1 mm to the left: the nearest border in pixels is not that in mm.
    assert (lesion.edge_distance_px, lesion.edge_distance_mm) == pytest.approx((10, 2))


def test_disc_on_pixels_that_are_not_square_is_a_disc():
    rows, columns = np.ogrid[-60:61, -60:61]
    mask = (np.hypot(rows * 0.1, columns * 0.2) <= 5).astype(np.uint8)
    [lesion] = measure_lesions(mask, whole(mask, 0.1, 0.2))
    assert (lesion.long_axis_mm, lesion.short_axis_mm) == pytest.approx((10.1, 10.1), abs=0.15)
    assert lesion.area_mm2 == pytest.approx(math.pi * 25, rel=0.01)
    assert lesion.perimeter_mm == pytest.approx(math.pi * 10, rel=0.01)
    assert (lesion.circularity, lesion.irregularity) == pytest.approx((1, 0), abs=0.02)
    assert measure_lesions(mask)[0].circularity < 0.9  # in square pixels it is an ellipse


def test_shape_is_physical():
    mask = rectangle(30, 30)
    [lesion] = measure_lesions(mask, whole(mask, 0.1, 0.3))
    perimeter, circularity, irregularity = metrics.shape(mask, (0.1, 0.3))
    assert (lesion.perimeter_mm, lesion.circularity, lesion.irregularity) == (perimeter, circularity, irregularity)
    in_pixels = metrics.shape(mask)
    assert lesion.perimeter_px == in_pixels.perimeter
    assert abs(in_pixels.circularity - circularity) > 0.1
    assert abs(in_pixels.irregularity - irregularity) > 0.01


@pytest.mark.parametrize(
    ("height", "width", "orientation"),
    [(10, 11, "parallel"), (11, 10, "not parallel"), (10, 10, "not parallel"), (1, 1, "not parallel")],
)
def test_only_what_is_wider_than_deep_is_parallel(height, width, orientation):
    assert measure_lesions(rectangle(height, width))[0].orientation == orientation


def test_orientation_is_physical():
    mask = rectangle(10, 15)
    assert measure_lesions(mask, whole(mask, 0.1, 0.1))[0].orientation == "parallel"
    assert measure_lesions(mask, whole(mask, 0.2, 0.1))[0].orientation == "not parallel"


def test_without_a_spacing_there_are_no_millimetres():
    mask = rectangle(10, 15)
    for area in (None, ScanArea(0, 0, 60, 90)):
        [lesion] = measure_lesions(mask, area)
        assert [getattr(lesion, name) for name in MM] == [None] * 7
        assert not lesion.is_cut


@pytest.mark.parametrize(
    ("area", "is_cut", "edge_distance"),
    [
        ((9, 19, 12, 17), False, 1),  # one row and one column of tissue all around
        ((10, 19, 11, 17), True, 0),
        ((9, 20, 12, 16), True, 0),
        ((9, 19, 11, 17), True, 0),
        ((9, 19, 12, 16), True, 0),
        ((15, 25, 5, 5), True, 0),  # it leaves the area on all sides
        ((0, 0, 5, 5), True, 0),  # it lies outside
    ],
    ids=["inside", "top", "left", "bottom", "right", "beyond", "outside"],
)
def test_lesion_that_the_border_cuts_has_no_millimetres(area, is_cut, edge_distance):
    [lesion] = measure_lesions(rectangle(10, 15), ScanArea(*area, Spacing(0.1, 0.2)))
    assert (lesion.is_cut, lesion.edge_distance_px) == (is_cut, edge_distance)
    assert {getattr(lesion, name) is None for name in MM} == {is_cut}
    assert lesion.depth_to_width == pytest.approx(10 * 0.1 / (15 * 0.2))
    assert (lesion.top_px, lesion.left_px) == (10, 20)  # of the image, not of the area


def test_lesion_at_the_border_of_an_image_without_an_area_is_cut():
    assert measure_lesions(rectangle(10, 15, left=75))[0].is_cut


def test_lesions_come_largest_first_and_corners_connect():
    mask = np.zeros((30, 30), np.uint8)
    mask[3, 3:6] = mask[20, 20] = mask[21, 21] = 1
    mask[10:14, 5:9] = 1
    assert [lesion.area_px for lesion in measure_lesions(mask)] == [16, 3, 2]
    assert measure_lesions(np.zeros((5, 5), np.uint8)) == ()


def test_a_lesion_in_the_box_of_another_is_measured_by_itself():
    mask = rectangle(30, 40)
    mask[12:38, 22:58] = 0
    mask[20:25, 30:40] = 1
    ring, inner = measure_lesions(mask)
    assert (inner.area_px, inner.top_px, inner.left_px) == (50, 20, 30)
    assert (ring.area_px, ring.solidity) == (30 * 40 - 26 * 36, pytest.approx(264 / 1200))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.7)])
@pytest.mark.parametrize("seed", range(3))
def test_measures_are_those_of_scikit_image(seed, spacing):
    mask = blobs(seed)
    ours = {lesion.area_px: lesion for lesion in measure_lesions(mask, whole(mask, *spacing))}
    for theirs in regionprops(label(mask, connectivity=2), spacing=spacing):
        lesion = ours[int(theirs.num_pixels)]
        box = lesion.top_px, lesion.left_px, lesion.top_px + lesion.box_height_px, lesion.left_px + lesion.box_width_px
        assert box == theirs.bbox
        centre = lesion.centre_row_px * spacing[0], lesion.centre_column_px * spacing[1]
        assert centre == pytest.approx(theirs.centroid)
        if not lesion.is_cut:
            assert lesion.area_mm2 == pytest.approx(theirs.area)
            assert lesion.long_axis_mm == pytest.approx(theirs.feret_diameter_max, abs=math.hypot(*spacing) / 2)
            assert lesion.short_axis_mm <= lesion.long_axis_mm


@pytest.mark.parametrize("turn", [0, 25, 60, 90, 130])
def test_angle_is_that_of_scikit_image(turn):
    rows, columns = np.ogrid[-80:81, -80:81]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    mask = ((columns * cos - rows * sin) / 70) ** 2 + ((columns * sin + rows * cos) / 25) ** 2 <= 1
    [theirs] = regionprops(mask.astype(np.uint8))
    expected = abs(90 - abs(math.degrees(theirs.orientation)))  # theirs: against the columns, -90..90
    assert measure_lesions(mask)[0].long_axis_angle_deg == pytest.approx(expected, abs=3)


@pytest.mark.parametrize("seed", range(3))
def test_mirror_changes_nothing_and_transposition_swaps_depth_and_width(seed):
    mask = blobs(seed)
    placed = {"top_px", "left_px", "centre_row_px", "centre_column_px"}
    swapped = {"depth": "transverse", "transverse": "depth", "height": "width", "width": "height"}
    for lesion, mirrored, turned in zip(
        measure_lesions(mask, whole(mask, 0.2, 0.3))[:3],
        measure_lesions(mask[:, ::-1], whole(mask, 0.2, 0.3))[:3],
        measure_lesions(mask.T, whole(mask.T, 0.3, 0.2))[:3],
        strict=True,
    ):
        for name in set(LESION_COLUMNS) - placed - {"orientation"}:
            value = getattr(lesion, name)
            assert getattr(mirrored, name) == pytest.approx(value), name
            if name not in ("depth_to_width", "long_axis_angle_deg"):
                other = "_".join(swapped.get(part, part) for part in name.split("_"))
                assert getattr(turned, other) == pytest.approx(value), name
        assert turned.depth_to_width == pytest.approx(1 / lesion.depth_to_width)
        assert turned.long_axis_angle_deg == pytest.approx(90 - lesion.long_axis_angle_deg)


def test_every_column_of_a_length_has_its_unit():
    lengths = [name for name in LESION_COLUMNS if any(w in name for w in ("axis", "distance", "perimeter", "area"))]
    assert all(name.endswith(("_px", "_mm", "_mm2", "_deg")) for name in lengths)
    assert len(lengths) == 11


def test_row_has_every_column_and_an_empty_cell_for_what_is_not_known():
    mask = rectangle(10, 30)
    row = to_row(measure_lesions(mask, whole(mask, 0.1, 1 / 3))[0])
    assert tuple(row) == LESION_COLUMNS
    assert (row["depth_mm"], row["transverse_mm"], row["area_mm2"]) == (1.0, 10.0, 10.0)
    assert (row["depth_px"], row["is_cut"], row["orientation"]) == (10, 0, "parallel")
    assert row["depth_to_width"] == 0.1
    cut = to_row(measure_lesions(mask, ScanArea(10, 0, 50, 90, Spacing(1, 1)))[0])
    assert {cut[name] for name in MM} == {""}
    assert cut["is_cut"] == 1


def test_values_are_plain_python_numbers():
    mask = rectangle(10, 30)
    for lesion in (*measure_lesions(mask), *measure_lesions(mask, whole(mask))):
        kinds = {type(getattr(lesion, name)) for name in LESION_COLUMNS}
        assert kinds <= {int, float, bool, str, type(None)}
