import numpy as np

from keras_hanet.dicom.outline import outline_of
from keras_hanet.measures import measure_lesions


def area_of(outline):
    """Area of a closed polygon by the shoelace formula."""
    (x, y), (next_x, next_y) = outline[:-1].T, outline[1:].T
    return abs((x * next_y - next_x * y).sum()) / 2


def test_a_rectangle_is_outlined_along_the_outer_sides_of_its_pixels():
    mask = np.zeros((20, 30), np.uint8)
    mask[3:8, 11:13] = 1
    outline = outline_of(mask, measure_lesions(mask)[0])
    assert {tuple(corner) for corner in outline} == {(11, 3), (13, 3), (13, 8), (11, 8)}
    np.testing.assert_array_equal(outline[0], outline[-1])
    assert len(outline) == 5


def test_one_pixel_has_an_area_of_one():
    mask = np.zeros((5, 5), np.uint8)
    mask[0, 4] = 1
    assert area_of(outline_of(mask, measure_lesions(mask)[0])) == 1


def test_the_outline_of_a_disc_holds_its_pixels():
    rows, columns = np.mgrid[:90, :110]
    mask = ((rows - 40) ** 2 + (columns - 60) ** 2 <= 30**2).astype(np.uint8)
    # Each of the steps of the staircase is cut by half a quarter of a pixel.
    assert abs(area_of(outline_of(mask, measure_lesions(mask)[0])) / mask.sum() - 1) < 0.01


def test_each_lesion_has_its_own_outline_though_one_lies_in_the_box_of_the_other():
    mask = np.zeros((30, 30), np.uint8)
    mask[2:22, 2:5] = mask[19:22, 2:22] = 1  # an L
    mask[4:8, 12:20] = 1
    large, small = measure_lesions(mask)
    assert {tuple(corner) for corner in outline_of(mask, small)} == {(12, 4), (20, 4), (20, 8), (12, 8)}
    assert abs(area_of(outline_of(mask, large)) - (20 * 3 + 3 * 17)) <= 0.125


def test_a_hole_is_filled():
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 1
    mask[8:12, 8:12] = 0
    assert area_of(outline_of(mask, measure_lesions(mask)[0])) == 100


def test_a_thin_lesion_is_not_taken_for_the_part_of_a_larger_one_in_its_box():
    mask = np.zeros((30, 30), np.uint8)
    mask[np.arange(5, 25), np.arange(5, 25)] = 1  # a slant of 20 pixels whose box holds 72 pixels of the other
    mask[0:13, 16:30] = 1
    _, slant = measure_lesions(mask)
    outline = outline_of(mask, slant)
    assert {(5, 5), (25, 25)} <= {tuple(corner) for corner in outline}
    # 20 pixels, and at each of 19 steps two corners of half a quarter of a pixel that bridge it.
    assert area_of(outline) == 20 + 19 * 2 * 0.125
