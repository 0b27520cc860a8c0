import csv
from itertools import combinations

import cv2
import numpy as np
import pytest
from layouts import real_data
from variants import VARIANTS, crop, draw_text, enlarge, shrink

from keras_hanet.data.duplicates import compare, find_candidates, find_pairs, take_fingerprint
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.leak_tables import compare_with_related, compare_with_table
from keras_hanet.data.preprocessing import decode_image


@pytest.fixture(scope="module")
def images(samples):
    return [decode_image(sample.image) for sample in samples[:6]]


@pytest.fixture(scope="module")
def fingerprints(images):
    return [take_fingerprint(image) for image in images]


@pytest.mark.parametrize("change", VARIANTS)
def test_a_changed_copy_is_the_same_frame(images, fingerprints, change):
    kind, similarity, _ = compare(fingerprints[0], take_fingerprint(change(images[0])))
    assert kind == "near"
    assert 0.5 < similarity < 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (crop, [[1, 0, -60], [0, 1, -40]]),
        (enlarge, [[1.4, 0, 0], [0, 1.4, 0]]),
        (shrink, [[0.6, 0, 0], [0, 0.6, 0]]),
    ],
)
def test_the_matrix_is_in_the_pixels_of_the_images(images, fingerprints, change, expected):
    """Corners of the frame land where the change puts them, in either direction."""
    changed = take_fingerprint(change(images[0]))
    corners = np.array([[60, 40, 1], [250, 40, 1], [60, 240, 1], [250, 240, 1]])
    _, _, matrix = compare(fingerprints[0], changed)
    np.testing.assert_allclose(corners @ matrix.T, corners @ np.transpose(expected), atol=1.5)
    _, _, back = compare(changed, fingerprints[0])
    there = np.column_stack([corners @ np.transpose(expected), np.ones(4)])
    np.testing.assert_allclose(there @ back.T, corners[:, :2], atol=1.5)


def test_a_rotated_copy_is_the_same_frame(images, fingerprints):
    height, width = images[0].shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    kind, _, matrix = compare(fingerprints[0], take_fingerprint(cv2.warpAffine(images[0], turn, (width, height))))
    assert kind == "near"
    np.testing.assert_allclose(matrix[:, :2], turn[:, :2], atol=0.01)


def test_text_alone_makes_no_twins(images):
    """Other frames with the same words in the same place are compared, and are not one frame."""
    lettered = []
    for image in images[:4]:
        image = cv2.resize(image, (400, 340))
        for row in (30, 300):
            cv2.putText(image, "RIGHT BREAST", (5, row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (227, 227, 227), 2)
        lettered.append(take_fingerprint(image))
    assert len(find_candidates([fingerprint.descriptors for fingerprint in lettered])) == 6
    assert [pair for pair in find_pairs(lettered) if pair.kind != "related"] == []


def test_a_strip_in_common_makes_no_twins(images, fingerprints):
    """The lowest 50 of some 300 rows of one frame on top of another: a label or a ruler may be all two share."""
    strip = images[0][-50:, :300]
    other = images[1].copy()
    other[:50, : strip.shape[1]] = strip
    assert compare(fingerprints[0], take_fingerprint(other)) is None


def test_two_crops_of_one_frame_that_share_half_are_twins(images):
    middle = images[0].shape[1] // 3
    kind, _, matrix = compare(take_fingerprint(images[0][:, : 2 * middle]), take_fingerprint(images[0][:, middle:]))
    assert kind == "near"
    np.testing.assert_allclose(matrix, [[1, 0, -middle], [0, 1, 0]], atol=1)


def test_other_phantoms_are_other_frames(fingerprints):
    assert find_pairs(fingerprints) == []
    assert all(compare(*pair) is None for pair in combinations(fingerprints, 2))


def test_all_twins_are_found_among_many(images, fingerprints):
    """Image 3 once more at 6 and 7, with text at 8; image 5 cropped at 9. The bar runs over the comparisons."""
    extra = [images[3], images[3], draw_text(images[3]), crop(images[5])]
    shown = []
    pairs = find_pairs(
        [*fingerprints, *map(take_fingerprint, extra)], progress=lambda tasks: shown.extend(tasks) or tasks
    )
    assert [(pair.first, pair.second, pair.kind) for pair in pairs] == [
        (3, 6, "exact"),
        (3, 7, "exact"),
        (3, 8, "near"),
        (5, 9, "near"),
    ]
    assert pairs[0].similarity == 1
    np.testing.assert_array_equal(pairs[0].matrix, [[1, 0, 0], [0, 1, 0]])
    assert 0 < len(shown) <= 8 * 7 / 2


def test_the_same_call_gives_the_same_pairs(images, fingerprints):
    everything = [*fingerprints, take_fingerprint(crop(images[5]))]
    first, second = find_pairs(everything), find_pairs(everything)
    assert [pair.similarity for pair in first] == [pair.similarity for pair in second]
    np.testing.assert_array_equal(first[0].matrix, second[0].matrix)


def test_tissue_that_agrees_while_speckle_does_not_is_a_neighbouring_frame():
    """One anatomy, the same few bright reflections, and speckle that is new in the second frame."""
    rng = np.random.default_rng(3)
    anatomy = cv2.GaussianBlur(rng.normal(0, 1, (340, 400)), (0, 0), 6) * 500 + 90
    for x, y in rng.integers(20, 320, (60, 2)):
        anatomy = cv2.ellipse(anatomy, (int(x), int(y)), (9, 4), int(x), 0, 360, 200, -1)
    anatomy = cv2.GaussianBlur(anatomy, (0, 0), 2.5)
    frames = []
    for _ in range(2):
        speckle = cv2.GaussianBlur(rng.normal(0, 1, anatomy.shape), (0, 0), 1.2) * 60
        frames.append(np.repeat(np.clip(anatomy + speckle, 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    kind, similarity, matrix = compare(*map(take_fingerprint, frames))
    assert kind == "related"
    assert 0.25 <= similarity < 1
    np.testing.assert_allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1)


def test_images_without_features_have_no_twins_but_exact_ones():
    flat = [take_fingerprint(np.full((12, 16, 3), grey, np.uint8)) for grey in (10, 20, 10)]
    assert len(flat[0].points) == 0
    assert [(pair.first, pair.second, pair.kind) for pair in find_pairs(flat)] == [(0, 2, "exact")]
    assert find_pairs([]) == []
    assert compare(flat[0], flat[1]) is None


def test_candidates_are_chosen_by_votes():
    """Sets 0 and 3 share 20 descriptors. 1 and 2 share one: a vote each way, two of the four that are needed."""
    rng = np.random.default_rng(0)
    sets = [rng.uniform(0, 120, (20, 128)).astype(np.float32) for _ in range(4)]
    sets[3] = sets[0] + 1
    sets[2][:1] = sets[1][:1]
    assert find_candidates(sets) == [(0, 3)]
    sets[2][:2] = sets[1][:2]
    assert find_candidates(sets) == [(0, 3), (1, 2)]


@pytest.mark.slow
def test_released_duplicates_are_found():
    """Recall and precision of the pairs within BUSI's groups; its table is not read before the comparison."""
    folder = real_data("busi")
    _, samples = read_samples(folder)
    pairs = find_pairs([take_fingerprint(decode_image(sample.image)) for sample in samples])
    links = {kind: [] for kind in ("exact", "near", "related")}
    for pair in pairs:
        links[pair.kind].append((samples[pair.first].id, samples[pair.second].id))
    found = compare_with_table(samples, links["exact"] + links["near"], folder / "duplicates.csv")
    assert found["num_reference"] == 240
    assert found["recall"] >= 0.97
    assert found["precision"] >= 0.97
    assert compare_with_related(samples, links["related"], folder / "related.csv")["recall"] >= 0.8
    with (folder / "duplicates.csv").open() as file:
        exact = {row["file"] for row in csv.DictReader(file) if row["kind"] == "exact"}
    assert {f"{name}.png" for pair in links["exact"] for name in pair} == exact
