import numpy as np
import pytest
from dicom_variants import make_dataset, make_region, real_file
from pydicom import dcmread
from pydicom.dataset import Dataset

from keras_hanet.dicom.regions import Regions, choose_area, read_regions
from keras_hanet.frame import ScanArea, Spacing


def dataset_of(*regions, height=60, width=80, **values):
    return make_dataset(np.zeros((height, width), np.uint8), SequenceOfUltrasoundRegions=list(regions), **values)


def real(name):
    return dcmread(real_file(name), stop_before_pixels=True)


def test_a_region_counts_both_of_its_corners_and_centimetres_become_millimetres():
    # x 10..69 are 60 columns of 0.02 cm, y 5..54 are 50 rows of 0.03 cm.
    area = choose_area(dataset_of(make_region((10, 5, 69, 54))))
    assert (area.top, area.left, area.height, area.width) == (5, 10, 50, 60)
    assert (area.spacing.row_mm, area.spacing.column_mm) == pytest.approx((0.3, 0.2))


def test_regions_that_share_an_image_tile_it_because_corners_are_inside():
    """The ALOKA's two regions end at column 335 and begin at 336; the second ends at the last column, 639 of 640."""
    first, second = (item.RegionLocationMaxX1 for item in real("gdcm-US-ALOKA-16.dcm").SequenceOfUltrasoundRegions[:2])
    assert (first, second) == (335, 639)


def test_a_philips_scan_is_measured_as_its_header_says():
    area = choose_area(real("JPGLosslessP14SV1_1s_1f_8b.dcm"))
    # 14..1010 and 38..758; 0.025476696592378157 cm.
    assert (area.top, area.left, area.height, area.width) == (38, 14, 721, 997)
    assert (area.spacing.row_mm, area.spacing.column_mm) == pytest.approx((0.25477, 0.25477), abs=5e-6)


def test_a_corner_one_behind_the_last_pixel_is_rounding():
    """x1 = 800 in an image of 800 columns: columns 120..799 are 680."""
    area = choose_area(real("OBXXXX1A.dcm"))
    assert (area.top, area.left, area.height, area.width) == (60, 120, 459, 680)
    assert area.spacing.row_mm == pytest.approx(0.26229, abs=5e-6)


@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "examples_palette.dcm"])
def test_an_image_that_was_made_smaller_after_its_regions_has_no_millimetres(name):
    """Regions of 640 x 480 in 320 x 240 pixels, of 600 rows in 350."""
    regions = read_regions(real(name))
    assert regions.area is None
    assert regions.flags == ("scan area not trusted",)


def test_any_region_outside_the_image_takes_the_trust_from_all():
    inside, spectrum = make_region((10, 5, 40, 40)), make_region((0, 45, 79, 62), data_type=3, spatial_format=3)
    assert choose_area(dataset_of(inside)) is not None
    assert choose_area(dataset_of(inside, spectrum)) is None
    spectrum.RegionLocationMaxY1 = 60
    assert choose_area(dataset_of(inside, spectrum)) is not None


def test_of_two_views_side_by_side_the_left_one_is_taken_and_told():
    regions = read_regions(real("gdcm-US-ALOKA-16.dcm"))
    assert regions.flags == ("several scans",)
    assert (regions.area.left, regions.area.width, regions.area.top, regions.area.height) == (32, 304, 24, 392)
    assert regions.area.spacing.row_mm == pytest.approx(0.38265, abs=5e-6)


def test_of_two_views_the_larger_one_is_taken_with_its_own_scale():
    left, right = make_region((0, 0, 29, 49), (0.02, 0.02)), make_region((30, 0, 79, 49), (0.04, 0.05))
    area = choose_area(dataset_of(left, right))
    assert (area.left, area.width) == (30, 50)
    assert (area.spacing.row_mm, area.spacing.column_mm) == pytest.approx((0.5, 0.4))
    assert choose_area(dataset_of(right, left)) == area


def test_two_scales_in_one_place_are_no_scale():
    whole, inset = make_region((0, 0, 79, 59), (0.02, 0.02)), make_region((50, 30, 79, 59), (0.01, 0.01))
    regions = read_regions(dataset_of(whole, inset))
    assert regions.area == ScanArea(0, 0, 60, 80, None)
    assert regions.flags == ("several scans", "scales differ")
    inset.PhysicalDeltaX = inset.PhysicalDeltaY = 0.02
    assert choose_area(dataset_of(whole, inset)).spacing == Spacing(0.2, 0.2)


def test_colour_flow_over_tissue_is_told_and_the_tissue_taken():
    tissue, flow = make_region((10, 5, 69, 54)), make_region((20, 10, 79, 59), data_type=2)
    regions = read_regions(dataset_of(flow, tissue))
    assert (regions.area.left, regions.area.top, regions.flags) == (10, 5, ("colour",))
    assert read_regions(dataset_of(tissue)).flags == ()
    assert choose_area(dataset_of(flow)).left == 20


def test_a_region_that_is_written_twice_is_one():
    regions = read_regions(dataset_of(make_region((10, 5, 69, 54)), make_region((10, 5, 69, 54))))
    assert regions.flags == ()


@pytest.mark.parametrize("delta_cm", [(-0.02, 0.03), (0.02, -0.03), (-0.02, -0.03)])
def test_the_sign_of_a_delta_is_only_its_direction(delta_cm):
    spacing = choose_area(dataset_of(make_region((10, 5, 69, 54), delta_cm))).spacing
    assert (spacing.row_mm, spacing.column_mm) == pytest.approx((0.3, 0.2))


@pytest.mark.parametrize(
    ("delta_cm", "units"),
    [
        ((0.02, 0.03), (3, 4)),
        ((0.02, 0.03), (0, 0)),
        ((0.0, 0.03), (3, 3)),
        ((float("nan"), 0.03), (3, 3)),
        ((0.02, float("inf")), (3, 3)),
    ],
)
def test_without_centimetres_along_both_axes_there_is_an_area_but_no_spacing(delta_cm, units):
    assert choose_area(dataset_of(make_region((10, 5, 69, 54), delta_cm, units=units))) == ScanArea(5, 10, 50, 60)


def test_pixel_spacing_alone_says_nothing():
    dataset = make_dataset(np.zeros((60, 80), np.uint8), PixelSpacing=[0.1, 0.1])
    assert read_regions(dataset) == Regions()
    region = make_region((10, 5, 69, 54), units=(0, 0))
    assert choose_area(dataset_of(region, PixelSpacing=[0.1, 0.1])).spacing is None


@pytest.mark.parametrize("kind", [{"data_type": 3}, {"spatial_format": 2}])
def test_spectra_and_m_mode_are_no_scan(kind):
    assert read_regions(dataset_of(make_region((0, 0, 79, 59), **kind))) == Regions()


@pytest.mark.parametrize("corners", [(69, 5, 10, 54), (10, 54, 69, 5), (10, 5, 10, 54)])
def test_a_region_without_a_side_is_none(corners):
    assert read_regions(dataset_of(make_region(corners))) == Regions()


def test_a_region_that_lacks_everything_is_none():
    empty, half = Dataset(), make_region((10, 5, 69, 54))
    del half.RegionLocationMaxX1
    half.PhysicalDeltaY = None
    assert read_regions(dataset_of(empty, half)) == Regions()
    assert read_regions(dataset_of()) == Regions()
