"""Regions, missed lesions and false areas of masks drawn so that every number can be counted."""

import numpy as np
import pytest

from keras_hanet.explain.regions import (
    describe_false,
    describe_missed,
    enlarge,
    find_centre,
    measure_regions,
    part_image,
)
from keras_hanet.inference import Prediction
from keras_hanet.metadata import Metadata


def block(rows, columns, shape=(20, 30)):
    mask = np.zeros(shape, np.uint8)
    mask[slice(*rows), slice(*columns)] = 1
    return mask


METADATA = Metadata(32, 0.4, 0.011, "drawn")
TRUE = block((4, 8), (10, 20))  # 40 px
PRED = block((4, 8), (15, 25))  # 20 px of it, 20 px beside it


def test_every_pixel_is_in_one_region():
    regions = part_image(PRED, TRUE)
    assert {name: region.sum() for name, region in regions.items()} == {
        "found": 20, "missed": 20, "false": 20, "elsewhere": 540,
    }
    np.testing.assert_array_equal(sum(region.astype(int) for region in regions.values()), 1)


def test_empty_regions_are_left_out_and_without_reference_nothing_is_called_false():
    assert set(part_image(TRUE, TRUE)) == {"found", "elsewhere"}
    assert set(part_image(0 * TRUE, TRUE)) == {"missed", "elsewhere"}
    assert set(part_image(PRED)) == {"predicted", "elsewhere"}


def test_mean_of_a_map_over_a_region_by_hand():
    grid = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # cells of 10 x 10 pixels
    measured = measure_regions(part_image(PRED, TRUE), {"grid": grid, "columns": np.tile(np.arange(30.0), (20, 1))})
    assert measured["found"] == {"area_px": 20, "grid": 2.0, "columns": 17.0}
    assert measured["false"] == {"area_px": 20, "grid": 3.0, "columns": 22.0}
    assert measured["missed"]["columns"] == 12.0


def test_cells_stay_cells():
    large = enlarge(np.array([[1.0, 2.0], [3.0, 4.0]]), 6, 4)
    np.testing.assert_array_equal(large, np.kron([[1, 2], [3, 4]], np.ones((3, 2))))


def test_missed_lesions_are_those_of_which_less_than_a_tenth_is_predicted():
    true = TRUE | block((12, 14), (2, 6)) | block((15, 18), (20, 28))
    probability = np.full(true.shape, 0.1, np.float32)
    probability[13, 4:6] = 0.3, 0.4
    missed = describe_missed(true, Prediction(probability, PRED), (2, 3), METADATA)
    assert [lesion["area_px"] for lesion in missed] == [24, 8]
    assert [lesion["cells"] for lesion in missed] == pytest.approx([0.24, 0.08])  # a cell has 100 px
    assert [lesion["largest_probability"] for lesion in missed] == pytest.approx([0.1, 0.4])
    assert [lesion["above_threshold_px"] for lesion in missed] == [0, 1]
    assert (missed[0]["threshold"], missed[0]["smallest_px"]) == (0.4, 7)  # of 600 px, 6.6
    for num_found, num_missed in ((3, 1), (4, 0)):  # of 40 pixels
        found = block((4, 5), (10, 10 + num_found))
        assert len(describe_missed(TRUE, Prediction(probability, found), (2, 3), METADATA)) == num_missed


def test_false_area_below_a_lesion_and_its_grey():
    image = np.full((20, 30, 3), 100, np.uint8)
    image[TRUE == 1] = 40
    shadow = block((10, 14), (10, 25))  # 40 of its 60 px in the columns of the lesion
    image[shadow == 1] = 20
    false = describe_false(image, TRUE, TRUE | shadow)
    assert false == pytest.approx(
        {"area_px": 60, "share_below_lesion": 40 / 60, "grey": 20, "lesion_grey": 40, "elsewhere_grey": 100}
    )
    above = block((0, 3), (10, 20))
    assert describe_false(image, TRUE, above)["share_below_lesion"] == 0
    between = describe_false(image, TRUE | block((16, 18), (10, 20)), shadow)
    assert between["share_below_lesion"] == 0, "a lesion lies deeper still"


def test_false_alarm_of_a_normal_image_has_no_lesion_to_compare_with():
    false = describe_false(np.full((20, 30, 3), 50, np.uint8), 0 * TRUE, PRED)
    assert (false["area_px"], false["share_below_lesion"], false["lesion_grey"]) == (40, None, None)
    assert describe_false(np.zeros((20, 30, 3), np.uint8), TRUE, TRUE) is None


def test_centre_is_the_deepest_pixel_of_the_largest_region():
    assert find_centre(block((3, 8), (10, 15)) | block((15, 16), (0, 9)), np.zeros((20, 30))) == (5, 12)
    assert find_centre(np.ones((5, 5), np.uint8), np.zeros((5, 5))) == (2, 2), "the image edge is an edge"
    probability = np.zeros((20, 30))
    probability[7, 3] = 0.2
    assert find_centre(0 * TRUE, probability) == (7, 3)
