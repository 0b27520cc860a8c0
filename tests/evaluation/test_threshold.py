"""The operating point: masks by hand, ties, and the choice against a plain search."""

import time

import numpy as np
import pytest
from scipy import ndimage

from keras_hanet import metrics
from keras_hanet.evaluation.threshold import LESION_SHARES, THRESHOLDS, apply_threshold, choose_threshold


def blobs(seed, shape):
    """A probability with a few round blobs of different height, and a reference that is one of them."""
    random = np.random.default_rng(seed)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    probability = np.zeros(shape)
    for _ in range(4):
        row, column, radius = random.uniform(0, shape[0]), random.uniform(0, shape[1]), random.uniform(1, 9)
        bump = random.uniform(0.2, 1) * np.exp(-(((rows - row) ** 2 + (columns - column) ** 2) / radius**2))
        probability = np.maximum(probability, bump)
    mask = ((rows - row) ** 2 + (columns - column) ** 2 <= radius**2) & (seed % 3 > 0)
    return probability.astype(np.float32), mask.astype(np.uint8)


def test_grid():
    assert THRESHOLDS[0] == 0.1
    assert THRESHOLDS[8] == 0.5
    assert THRESHOLDS[-1] == 0.9
    assert np.allclose(np.diff(THRESHOLDS), 0.05)
    assert LESION_SHARES == (0, 0.0005, 0.001, 0.002, 0.004, 0.008)


def test_threshold_itself_is_lesion():
    probability = np.array([[0.49, 0.5], [0.51, 0.0]], np.float32)
    mask = apply_threshold(probability, 0.5, 0.0)
    assert mask.tolist() == [[0, 1], [1, 0]]
    assert mask.dtype == np.uint8


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_threshold_itself_is_lesion_in_float32_too(threshold):
    assert apply_threshold(np.full((2, 2), threshold, np.float32), threshold, 0.0).all()


def test_small_regions_are_removed():
    probability = np.array(
        [
            [1, 0, 0, 0, 1],
            [0, 1, 0, 0, 0],  # three pixels that touch at their corners: one region
            [1, 0, 0, 0, 0],
            [0, 0, 0, 1, 1],
        ],
        np.float32,
    )
    sizes = {0.0: 6, 1 / 20: 6, 2 / 20: 5, 0.11: 3, 3 / 20: 3, 0.16: 0}
    assert {share: int(apply_threshold(probability, 0.5, share).sum()) for share in sizes} == sizes
    kept = apply_threshold(probability, 0.5, 3 / 20)
    assert np.argwhere(kept).tolist() == [[0, 0], [1, 1], [2, 0]]


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_regions_that_scipy_finds_in_the_whole_image(seed):
    probability, _ = blobs(seed, (60, 90))
    probability[0, :3] = probability[-1, -2:] = 0.9  # the corners are specks that are removed
    labels, num = ndimage.label(probability >= 0.3, np.ones((3, 3)))
    large = [label for label in range(1, num + 1) if np.count_nonzero(labels == label) >= 0.002 * 60 * 90]
    np.testing.assert_array_equal(apply_threshold(probability, 0.3, 0.002), np.isin(labels, large))


def test_empty_and_full():
    assert not apply_threshold(np.zeros((3, 4), np.float32), 0.1, 0.0).any()
    assert apply_threshold(np.ones((3, 4), np.float32), 0.9, 0.008).all()


def test_choice_by_hand():
    # Lesion pixels at 0.72, a rim at 0.4 that is not lesion: any threshold in 0.45..0.7 is perfect.
    probability, mask = np.full((10, 10), 0.01, np.float32), np.zeros((10, 10), np.uint8)
    probability[2:8, 2:8], probability[3:7, 3:7], mask[3:7, 3:7] = 0.4, 0.72, 1
    assert choose_threshold([probability], [mask]) == (0.5, 0.0, 1.0)
    # Rim at 0.62: only 0.65 and 0.7 are perfect.
    probability[probability == np.float32(0.4)] = 0.62
    assert choose_threshold([probability], [mask]) == (0.65, 0.0, 1.0)


def test_speck_on_a_normal_image_is_worth_a_smallest_lesion():
    lesion, mask = np.zeros((100, 100), np.float32), np.zeros((100, 100), np.uint8)
    lesion[20:40, 20:40], mask[20:40, 20:40] = 1, 1
    speck = np.zeros((50, 50), np.float32)
    speck[10, 10:14] = 1  # 4 of 2500 pixels: a share of 0.0016
    assert choose_threshold([lesion, speck], [mask, np.zeros((50, 50), np.uint8)]) == (0.5, 0.002, 1.0)


def test_ties_between_equal_distances_go_to_the_lower_threshold():
    # The lesion is found up to 0.45, the normal image left alone from 0.55 on; at 0.5 both fail.
    mask = np.array([[1, 0], [0, 0]], np.uint8)
    lesion, normal = mask * np.float32(0.47), mask * np.float32(0.53)
    assert choose_threshold([lesion, normal], [mask, 0 * mask]) == (0.45, 0.0, 0.5)


def test_agrees_with_a_plain_search():
    pairs = [blobs(seed, (40 + seed, 70 - 2 * seed)) for seed in range(8)]
    plain = {}
    for threshold in THRESHOLDS:
        for share in LESION_SHARES:
            dices = [
                metrics.dice(metrics.confusion(mask, apply_threshold(probability, threshold, share)))
                for probability, mask in pairs
            ]
            plain[threshold, share] = np.mean(np.nan_to_num(dices, nan=1.0))
    choice = choose_threshold(*zip(*pairs, strict=True))
    assert choice.score == pytest.approx(max(plain.values()), abs=1e-12)
    assert plain[choice.threshold, choice.min_lesion_share] == pytest.approx(choice.score, abs=1e-12)
    assert choice.score > plain[0.5, 0.0]


def test_fast_enough_for_a_validation_fold():
    probability, mask = blobs(1, (500, 500))
    noise = np.random.default_rng(0).random((500, 500), dtype=np.float32)
    start = time.process_time()
    choose_threshold([probability, 0.9 * probability + 0.1 * noise] * 2, [mask] * 4)
    assert time.process_time() - start < 4 * 30 / 156 * 2  # twice the bound of 30 s for 156 images


@pytest.mark.parametrize(
    ("probabilities", "masks", "message"),
    [
        ([], [], "at least one image"),
        ([np.zeros((2, 2))], [], r"len\(masks\)=0"),
        ([np.zeros((2, 2))], [np.zeros((2, 3))], "shape"),
        ([np.zeros((2, 2))], [np.full((2, 2), 255)], "255"),
        ([np.full((2, 2), 3.0)], [np.zeros((2, 2))], "sigmoid"),
        ([np.full((2, 2), np.nan)], [np.zeros((2, 2))], "nan"),
        ([np.zeros((2, 2, 1))], [np.zeros((2, 2))], r"\(2, 2, 1\)"),
    ],
)
def test_refuses_what_cannot_be_scored(probabilities, masks, message):
    with pytest.raises(ValueError, match=message):
        choose_threshold(probabilities, masks)
