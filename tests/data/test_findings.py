import numpy as np
import pytest
from layouts import draw_busbra, draw_busi, draw_image, draw_mask, save
from variants import draw_calipers, draw_text

from keras_hanet.data import findings
from keras_hanet.data.duplicates import Pair
from keras_hanet.data.findings import KINDS, check_groups, check_images
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import decode_image

CLASS = "benign"


def check(folder):
    """{file name: [(finding, detail), ...]} of the images of a folder."""
    found = {}
    for item in check_images(read_samples(folder)[1])[2]:
        assert item.finding in KINDS
        found.setdefault(item.file.name, []).append((item.finding, item.detail))
    return found


@pytest.fixture
def busi(tmp_path):
    """Six small images in the layout of BUSI, all as they should be but the RGB mask of the normal one."""
    folder = draw_busi(tmp_path)
    draw_mask(folder / "normal" / "normal (1)_mask.png", slice(0))
    assert check(folder) == {}
    return folder


def test_readable_images_come_with_their_fingerprints_in_order(busi):
    (busi / CLASS / "benign (2).png").write_bytes(b"no image")
    samples = read_samples(busi)[1]
    shown = []
    readable, fingerprints, found = check_images(samples, progress=lambda tasks: shown.extend(tasks) or tasks)
    assert [sample.id for sample in readable] == [sample.id for sample in samples if sample.id != "benign (2)"]
    # The images are 20 n + 10 all over.
    assert [int(fingerprint.grey[0, 0]) for fingerprint in fingerprints] == [10, 50, 70, 90, 110]
    assert [(item.file.name, item.finding) for item in found] == [("benign (2).png", "unreadable")]
    assert found[0].detail == "expected a PNG, JPEG, BMP or TIFF image, got something else, or an empty or damaged file"
    assert len(shown) == 6


def test_a_mask_that_cannot_be_read(busi):
    """It is one finding: whether the mask is empty is not known."""
    save(busi / CLASS / "benign (1)_mask.png", np.full((12, 16), 90))
    found = check(busi)
    assert list(found) == ["benign (1)_mask.png"]
    [(finding, detail)] = found["benign (1)_mask.png"]
    assert finding == "unreadable"
    assert "largest value is 90" in detail


def test_a_mask_of_another_size(busi):
    save(busi / CLASS / "benign (1)_mask.png", np.full((10, 20), 255))
    assert check(busi) == {"benign (1)_mask.png": [("mask_size", "20 x 10 pixels, its image has 16 x 12")]}


@pytest.mark.parametrize(
    ("mode", "detail"),
    [
        ("RGB", "stored as RGB, read by its brightest channel"),
        ("RGBA", "stored as RGBA, read by its brightest channel"),
        ("1", None),
        ("L", None),
    ],
)
def test_masks_of_every_mode(busi, mode, detail):
    draw_mask(busi / CLASS / "benign (1)_mask.png", mode=mode)
    assert check(busi) == ({"benign (1)_mask.png": [("mask_coding", detail)]} if detail else {})


def test_a_mask_of_more_than_two_values(busi):
    mask = np.zeros((12, 16))
    mask[2:6, 4:8] = 255
    mask[2, 4] = 100
    save(busi / CLASS / "benign (1)_mask.png", mask)
    expected = "3 values from 0 to 255, 128 and above are read as lesion"
    assert check(busi) == {"benign (1)_mask.png": [("mask_coding", expected)]}
    save(busi / CLASS / "benign (1)_mask.png", mask > 200)
    assert check(busi) == {}


def test_an_empty_mask_of_a_lesion_and_a_lesion_of_a_normal_image(busi):
    draw_mask(busi / CLASS / "benign (2)_mask.png", slice(0))
    draw_mask(busi / CLASS / "benign (10)_mask.png", slice(0))
    draw_mask(busi / "normal" / "normal (1)_mask.png", slice(2, 4))
    # benign (2) has a second mask with a lesion; rows 2 and 3 of four columns are 8 pixels.
    assert check(busi) == {
        "benign (10).png": [("empty_mask", "benign, no lesion pixel")],
        "normal (1).png": [("lesion_in_normal", "8 lesion pixels")],
    }


def test_what_is_drawn_over_an_image(tmp_path, samples):
    image = decode_image(samples[0].image)
    coloured = image.copy()
    coloured[50:90, 50:90] = (255, 0, 0)
    for name, pixels in (("a", image), ("b", draw_calipers(image)), ("c", draw_text(image)), ("d", coloured)):
        save(tmp_path / "images" / f"{name}.png", pixels)
        save(tmp_path / "masks" / f"{name}.png", np.zeros(image.shape[:2]))
    assert check(tmp_path) == {
        "b.png": [("calipers", 'a drawn "+"')],
        "c.png": [("text", "drawn letters in a row")],
        "d.png": [("colour", "coloured pixels")],
    }


# === Groups ===


def found_in(samples, groups, pairs=()):
    return [(item.file.name, item.finding, item.detail) for item in check_groups(samples, groups, pairs)]


def pair(first, second, matrix=((1, 0, 0), (0, 1, 0)), kind="near"):
    return Pair(first, second, kind, 0.9, np.array(matrix, float))


def test_one_frame_with_two_diagnoses(busi):
    samples = read_samples(busi)[1]
    # 0 benign, 1 benign, 2 benign, 3 malignant, 4 malignant, 5 normal
    assert found_in(samples, [[0, 1], [2, 3]]) == [
        ("benign (10).png", "label_conflict", "group 2: benign, malignant"),
        ("malignant (1).png", "label_conflict", "group 2: benign, malignant"),
    ]


def test_one_frame_of_two_patients(tmp_path):
    samples = read_samples(draw_busbra(tmp_path))[1]
    assert found_in(samples, [[0, 1]]) == []
    assert found_in(samples, [[2, 3]]) == [
        ("bus_0002-s.png", "patient_conflict", "group 1: 2, 3"),
        ("bus_0003-s.png", "patient_conflict", "group 1: 2, 3"),
    ]


def test_masks_of_one_frame_that_disagree(busi):
    """Rows 2..5 against rows 4..7 of the same columns: 8 pixels of 16 and 16 are shared, Dice 0.5."""
    draw_mask(busi / "malignant" / "malignant (1)_mask.png", slice(4, 8))
    samples = read_samples(busi)[1]
    expected = [("benign (1).png", "mask_conflict", "Dice 0.50 with the mask of malignant (1).png")]
    assert found_in(samples, [], [pair(0, 3)]) == expected
    assert found_in(samples, [], [pair(0, 2), pair(0, 3, kind="related")]) == []
    # Two rows lower the masks are the same.
    assert found_in(samples, [], [pair(0, 3, ((1, 0, 0), (0, 1, 2)))]) == []
    # Without a lesion there is nothing to compare.
    assert found_in(samples, [], [pair(0, 5)]) == []


def test_masks_are_compared_where_both_images_look(busi):
    """A crop that begins at row 4: of the mask in rows 2..5 it holds rows 4 and 5, its rows 0 and 1."""
    draw_image(busi / CLASS / "benign (10).png", 50)
    save(busi / CLASS / "benign (10).png", np.full((8, 16), 50))
    mask = np.zeros((8, 16))
    mask[0:2, 4:8] = 255
    save(busi / CLASS / "benign (10)_mask.png", mask)
    samples = read_samples(busi)[1]
    crop = ((1, 0, 0), (0, 1, -4))
    assert found_in(samples, [], [pair(0, 2, crop)]) == []
    # The other way round rows 2 and 3 of the whole frame do not count either.
    assert found_in(samples, [], [pair(2, 0, ((1, 0, 0), (0, 1, 4)))]) == []


def test_masks_that_cannot_be_read_are_not_compared(busi, monkeypatch):
    monkeypatch.setattr(findings, "AGREEING_DICE", 2)
    samples = read_samples(busi)[1]
    assert len(found_in(samples, [], [pair(0, 2)])) == 1
    save(busi / CLASS / "benign (1)_mask.png", np.full((12, 16), 90))
    assert found_in(samples, [], [pair(0, 2)]) == []
