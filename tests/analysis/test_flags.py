import time

import cv2
import numpy as np
import pytest
from variants import draw_calipers, draw_text

from keras_hanet.analysis.flags import FLAGS, find_flags, has_seam
from keras_hanet.analysis.image_statistics import fit_distribution, image_statistics
from keras_hanet.analysis.reliability import Reliability
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.frame import Frame, ScanArea

HEIGHT, WIDTH = 340, 420


def phantom(seed):
    return np.repeat(draw_phantom("benign", np.random.default_rng(seed), HEIGHT, WIDTH)[0][..., None], 3, axis=2)


@pytest.fixture(scope="module")
def image():
    return phantom(0)


@pytest.fixture(scope="module")
def reliability():
    """A record of phantoms alone."""
    known = fit_distribution([image_statistics(phantom(seed)) for seed in range(60)])
    return Reliability((0, 1, 0), (0, 0, 1), 0.5, {"phantoms": known}, 8.0, (0, 0, 0), {})


def mask_of(*boxes):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for rows, columns in boxes:
        mask[slice(*rows), slice(*columns)] = 1
    return mask


ONE = mask_of(((100, 150), (100, 180)))


def flags(image, mask=ONE, reliability=None, area=None):
    return find_flags(Frame(image, "drawn", area), mask, reliability)


def test_nothing_speaks_against_a_plain_phantom(image, reliability):
    for seed in range(12):
        assert flags(phantom(seed), reliability=reliability) == ()


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        ("too dark", lambda image: image // 6),
        ("saturated", lambda image: np.where(np.arange(HEIGHT)[:, None, None] < HEIGHT // 5, 255, image)),
        ("calipers", draw_calipers),
        ("text", draw_text),
        ("dual view", lambda image: np.concatenate([image[:, :200], image[:, 100:300]], axis=1)),
        ("dual view", lambda image: np.concatenate([image[:, :200], 0 * image[:, :6], image[:, 100:300]], axis=1)),
    ],
    ids=["too dark", "saturated", "calipers", "text", "dual view", "dual view with a gap"],
)
def test_each_flag_is_raised_alone_on_an_image_drawn_for_it(flag, change, image):
    assert flags(np.asarray(change(image), np.uint8), mask=None) == (flag,)


def test_colour_is_seen(image):
    doppler = image.copy()
    doppler[100:130, 100:140] = 200, 40, 0
    assert flags(doppler) == ("colour",)


@pytest.mark.parametrize("name", ["black", "white", "one grey", "page of text", "colour picture"])
def test_what_is_no_scan_is_said_and_nothing_else(name):
    picture = np.full((300, 400, 3), {"black": 0, "one grey": 90}.get(name, 255), np.uint8)
    if name == "page of text":
        for row in range(30, 290, 30):
            cv2.putText(picture, "patient information sheet", (10, row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1)
    if name == "colour picture":
        picture[...] = np.random.default_rng(0).integers(0, 256, (300, 400, 3))
    assert flags(picture, mask=None) == ("no scan area",)


def test_an_image_far_from_the_training_images_is_told(image, reliability):
    assert flags(255 - image, reliability=reliability) == ("unlike the training images",)
    assert flags(np.ascontiguousarray(np.rot90(image)), None, reliability) == ("unlike the training images",)
    assert "unlike the training images" not in flags(255 - image)  # nothing is known without a record


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (None, ()),
        (0 * ONE, ()),
        (ONE, ()),
        (mask_of(((100, 150), (100, 180)), ((200, 220), (300, 320))), ("several lesions",)),
        (mask_of(((100, 150), (100, 180)), ((150, 160), (180, 190))), ()),  # they touch at a corner: one region
        (mask_of(((0, 40), (100, 180))), ("cut by the border",)),
        (mask_of(((HEIGHT - 1, HEIGHT), (100, 180))), ("cut by the border",)),
        (mask_of(((1, 40), (1, 90))), ()),
    ],
)
def test_flags_of_the_mask(mask, expected, image):
    assert flags(image, mask) == expected


def test_only_the_scan_area_is_looked_at(image):
    screen = np.zeros((HEIGHT + 100, WIDTH + 50, 3), np.uint8)
    screen[60:-40, 50:] = image
    cv2.putText(screen, "BREAST LEFT", (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    mask = np.zeros(screen.shape[:2], np.uint8)
    mask[200:250, 50:120] = 1
    area = ScanArea(60, 50, HEIGHT, WIDTH)
    assert "text" in flags(screen, mask)
    assert flags(screen, mask, area=area) == ("cut by the border",)


def test_a_line_of_less_than_half_the_height_is_no_seam(image):
    drawn = image.copy()
    drawn[40:180, 200] = 255
    assert not has_seam(drawn)
    drawn[10:330, 200] = 255
    assert has_seam(drawn)
    assert not has_seam(image[:, :2])


def test_every_flag_has_a_sentence_and_they_come_in_one_order(image):
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in FLAGS.values())
    drawn = draw_text(draw_calipers(image))
    mask = mask_of(((0, 40), (100, 180)), ((200, 220), (300, 320)))
    assert flags(drawn, mask) == ("calipers", "text", "several lesions", "cut by the border")


def test_what_a_file_says_against_itself_is_a_flag(image):
    frame = Frame(draw_text(image), "scan.dcm", flags=("several scans", "colour"))
    assert find_flags(frame) == ("several scans", "colour", "text")


def test_flags_take_milliseconds(reliability):
    large = cv2.resize(phantom(0), (600, 500))
    mask = cv2.resize(ONE, (600, 500), interpolation=cv2.INTER_NEAREST)
    times = []
    for _ in range(7):
        start = time.process_time()
        flags(large, mask, reliability)
        times.append(time.process_time() - start)
    assert min(times) < 0.030  # 6 to 11 ms, on a machine with nothing else to do
