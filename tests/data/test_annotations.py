import cv2
import numpy as np
import pytest
from layouts import real_data
from variants import draw_calipers, draw_text, enlarge

from keras_hanet.data.annotations import Annotations, brightness_and_spread, find_annotations
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import decode_image

CLEAN = Annotations(colour=False, calipers=False, text=False)


@pytest.fixture(scope="module")
def image(samples):
    return decode_image(samples[0].image)


def test_phantoms_are_clean(samples):
    for sample in samples[:8]:
        assert find_annotations(decode_image(sample.image)) == CLEAN


@pytest.mark.parametrize("change", [lambda image: image, enlarge], ids=["stored", "enlarged"])
def test_calipers(image, change):
    assert find_annotations(change(draw_calipers(image))) == Annotations(colour=False, calipers=True, text=False)


def test_text(image):
    assert find_annotations(draw_text(image)) == Annotations(colour=False, calipers=False, text=True)


def test_a_dotted_line_and_a_digit_that_touch_do_not_hide_a_caliper(image):
    image = draw_calipers(image)
    for x in range(100, 180, 6):
        image[120 + (x - 100) // 4, x : x + 2] = 227
    cv2.putText(image, "1", (104, 116), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (227, 227, 227), 1)
    assert find_annotations(image).calipers


@pytest.mark.parametrize("letter", ["T", "H", "L", "E", "F"])
def test_a_letter_is_no_caliper_and_alone_no_text(image, letter):
    image = image.copy()
    cv2.putText(image, letter, (100, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (227, 227, 227), 2)
    assert find_annotations(image) == CLEAN


def test_strokes_that_fade_are_tissue(image):
    """The same calipers, blurred as a scanner's beam blurs what lies in the body."""
    drawn = draw_calipers(image)
    np.testing.assert_equal(find_annotations(cv2.GaussianBlur(drawn, (0, 0), 3)), CLEAN)


def test_a_logo_in_the_corner_is_passed_over(image):
    image = image.copy()
    image[:40, :60] = 20
    cv2.putText(image, "GE", (5, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (227, 227, 227), 1)
    assert not find_annotations(image)
    cv2.putText(image, "GE", (5, 125), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (227, 227, 227), 2)
    assert find_annotations(image)


def test_colour(image):
    """A mark of 6 x 6 pixels is 36 of some 100,000; one of 2 x 2 is too few, and JPEG's rounding is no colour."""
    for side, expected in ((6, True), (2, False)):
        marked = image.copy()
        marked[50 : 50 + side, 50 : 50 + side] = (255, 200, 0)
        assert find_annotations(marked).colour == expected
    rounded = np.clip(image.astype(int) + np.array([7, 0, -7]), 0, 255).astype(np.uint8)
    assert not find_annotations(rounded).colour


def test_a_flat_image_is_clean():
    assert find_annotations(np.full((12, 16, 3), 255, np.uint8)) == CLEAN
    assert not find_annotations(np.zeros((300, 300, 3), np.uint8))


def test_released_images_that_were_looked_at():
    """Twelve of the 120 images of BUSI that a person looked at: six with calipers or text, one coloured, five clean."""
    paths = {sample.id: sample.image for sample in read_samples(real_data("busi"))[1]}
    for name in ("benign (64)", "benign (303)", "benign (331)", "malignant (157)"):
        assert find_annotations(decode_image(paths[name])).calipers, name
    for name in ("benign (247)", "benign (367)"):
        assert find_annotations(decode_image(paths[name])).text, name
    assert find_annotations(decode_image(paths["benign (330)"])).colour
    for name in ("malignant (90)", "normal (80)", "benign (43)", "benign (387)", "malignant (45)"):
        assert not find_annotations(decode_image(paths[name])), name


def test_brightness_and_spread_are_largest_channel_and_distance_to_the_smallest():
    colours = np.array([[[10, 200, 50], [7, 7, 7], [255, 0, 255]]], np.uint8)
    brightest, spread = brightness_and_spread(colours)
    assert brightest.tolist() == [[200, 7, 255]]
    assert spread.tolist() == [[190, 0, 255]]
