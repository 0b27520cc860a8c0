import numpy as np
import pytest

from keras_hanet.analysis.variants import make_variants, map_back, measure_stability
from keras_hanet.data.preprocessing import resize_image
from keras_hanet.inference import Prediction

SIZE = 200


def block(rows, columns, value=1.0):
    probability = np.zeros((SIZE, SIZE), np.float32)
    probability[slice(*rows), slice(*columns)] = value
    return probability


def to_mask(probability):
    return (probability >= 0.5).astype(np.uint8)


def measure(plain, *answers):
    return measure_stability(Prediction(plain, to_mask(plain)), np.stack(answers), to_mask)


def test_variants_have_the_margin_they_say():
    image = np.full((100, 60, 3), 7, np.uint8)
    image[:, 0] = 9
    mirror, smaller, larger = make_variants(image)
    assert (mirror[:, -1] == 9).all()
    assert smaller.shape == (110, 66, 3)
    assert (smaller[5:-5, 3:-3] == image).all()
    assert smaller[:5].max() == smaller[:, :3].max() == 0
    np.testing.assert_array_equal(larger, image[5:-5, 3:-3])


def test_a_picture_of_a_few_pixels_has_variants_too():
    assert all(variant.size for variant in make_variants(np.zeros((1, 3, 3), np.uint8)))


def test_answers_come_back_to_where_the_lesion_is():
    """A network that takes white for lesion, and a white block far from the middle of an image that is no square."""
    image = np.zeros((400, 260, 3), np.uint8)
    image[80:160, 160:220] = 255
    answers = [resize_image(variant, SIZE)[..., 0] / np.float32(255) for variant in make_variants(image)]
    plain = resize_image(image, SIZE)[..., 0] / np.float32(255)
    for mask in map_back(plain, np.stack(answers)) >= 0.5:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert np.abs(rows[[0, -1]] - (40, 79)).max() <= 1
        assert np.abs(columns[[0, -1]] - (160 * SIZE / 260, 220 * SIZE / 260 - 1)).max() <= 1.5


def test_the_same_answer_to_all_is_an_agreement_of_1():
    everything = np.ones((SIZE, SIZE), np.float32)
    assert vars(measure(everything, *[everything] * 3)) == {"agreement": 1, "confidence": 1}
    nothing = np.zeros((SIZE, SIZE), np.float32)
    assert vars(measure(nothing, *[nothing] * 3)) == {"agreement": 1, "confidence": 1}


def test_answers_that_share_no_pixel_are_an_agreement_of_0():
    top_left, bottom_left = block((30, 60), (30, 60)), block((140, 170), (30, 60))
    bottom_right = block((140, 170), (140, 170))
    # The mirror's answer lies top left, so it comes back to the top right.
    assert measure(top_left, top_left, bottom_left, bottom_right).agreement == 0


def test_agreement_is_the_mean_over_the_six_pairs():
    middle, nothing = block((60, 140), (60, 140)), np.zeros((SIZE, SIZE), np.float32)
    # The image and its mirror agree, the two scales agree that there is nothing; the four other pairs are at odds.
    assert measure(middle, middle, nothing, nothing).agreement == pytest.approx(2 / 6)


def test_confidence_is_the_mean_of_what_is_outlined():
    plain = block((60, 140), (60, 140), 0.75)
    plain[:40] = 0.25
    assert measure(plain, *[plain] * 3).confidence == 0.75
    faint = block((60, 140), (60, 140), 0.25)
    assert measure(faint, *[faint] * 3).confidence == 0.75  # nothing outlined: 1 - 0.25

