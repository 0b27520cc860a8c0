"""Outlines: where they are, in which colour, and what stays as it was."""

import numpy as np
from PIL import Image

from keras_hanet.drawing import PREDICTED_COLOUR, REFERENCE_COLOUR, draw_overlay, write_picture


def square(first, last, size=20):
    mask = np.zeros((size, size), np.uint8)
    mask[first : last + 1, first : last + 1] = 1
    return mask


def outline(mask):
    """The pixels of a square that touch its outside."""
    inner = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    inner[rows.min() + 1 : rows.max(), columns.min() + 1 : columns.max()] = 1
    return (mask - inner).astype(bool)


def coloured(picture, colour):
    return (picture == colour).all(axis=2)


def test_outlines_have_their_colour_and_the_rest_is_untouched():
    image = np.full((20, 20, 3), 50, np.uint8)
    picture = draw_overlay(image, square(3, 8), square(11, 17))
    np.testing.assert_array_equal(coloured(picture, PREDICTED_COLOUR), outline(square(3, 8)))
    np.testing.assert_array_equal(coloured(picture, REFERENCE_COLOUR), outline(square(11, 17)))
    drawn = outline(square(3, 8)) | outline(square(11, 17))
    assert (picture[~drawn] == 50).all()
    assert (image == 50).all()


def test_prediction_lies_over_the_reference():
    picture = draw_overlay(np.zeros((20, 20, 3), np.uint8), square(5, 9), square(5, 9))
    np.testing.assert_array_equal(coloured(picture, PREDICTED_COLOUR), outline(square(5, 9)))
    assert not coloured(picture, REFERENCE_COLOUR).any()


def test_without_reference_and_without_lesion():
    image = np.full((20, 20, 3), 50, np.uint8)
    assert not coloured(draw_overlay(image, square(5, 9)), REFERENCE_COLOUR).any()
    np.testing.assert_array_equal(draw_overlay(image, np.zeros((20, 20), np.uint8)), image)


def test_line_grows_with_the_picture():
    small, large = (draw_overlay(np.zeros((s, s, 3), np.uint8), square(s // 4, s // 2, s)) for s in (256, 1024))
    widths = [coloured(picture, PREDICTED_COLOUR)[3 * len(picture) // 8].sum() / 2 for picture in (small, large)]
    assert widths[0] == 1
    assert 4 <= widths[1] <= 5


def test_picture_is_written_in_its_own_colours(tmp_path):
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[0, 0] = PREDICTED_COLOUR
    write_picture(tmp_path / "overlays" / "a (1).png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "overlays" / "a (1).png")), picture)


def test_grey_picture_is_written_as_it_is(tmp_path):
    write_picture(tmp_path / "mask.png", square(3, 8) * 255)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "mask.png")), square(3, 8) * 255)
