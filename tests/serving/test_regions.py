import time

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_hanet.evaluation.threshold import apply_threshold
from keras_hanet.serving.regions import remove_small_regions


@tf.function(input_signature=[tf.TensorSpec((None, None), tf.bool), tf.TensorSpec((), tf.float64)])
def in_graph(mask, smallest_area):
    return remove_small_regions(mask, smallest_area)


def spiral(size):
    """One region, two pixels apart from itself, of about size^2 / 2 pixels."""
    mask = np.zeros((size, size), bool)
    top, left, bottom, right = 0, 0, size - 1, size - 1
    while top <= bottom and left <= right:
        mask[top, max(left - 2, 0) : right + 1] = True
        mask[top : bottom + 1, right] = True
        mask[bottom, left : right + 1] = True
        mask[top + 2 : bottom + 1, left] = True
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    return mask


def comb(height, width, joined):
    """Teeth of one pixel that meet in the last row, the first row or nowhere."""
    mask = np.zeros((height, width), bool)
    mask[:, ::2] = True
    if joined is not None:
        mask[joined] = True
    return mask


def zigzag(height, width):
    """One path that runs to and fro: the worst case for labels that walk from pixel to pixel."""
    mask = np.zeros((height, width), bool)
    mask[::2] = True
    mask[1::4, -1] = True
    mask[3::4, 0] = True
    return mask


def disks(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((120, 150), np.uint8)
    for _ in range(25):
        cv2.circle(mask, (int(rng.integers(150)), int(rng.integers(120))), int(rng.integers(1, 12)), 1, -1)
    return mask.astype(bool)


CHECKERBOARD = np.indices((41, 37)).sum(axis=0) % 2 == 0
CASES = {
    "all ones": np.ones((30, 40), bool),
    "all zeros": np.zeros((30, 40), bool),
    "one pixel": np.ones((1, 1), bool),
    "no pixel": np.zeros((1, 1), bool),
    "one row": np.array([[1, 1, 0, 1, 0, 0, 1, 1, 1]], bool),
    "one column": np.array([[1, 1, 0, 1, 0, 0, 1, 1, 1]], bool).T,
    "checkerboard": CHECKERBOARD,
    "checkerboard without a line": CHECKERBOARD & (np.arange(37) != 20) & (np.arange(37) != 21),
    "diagonal": np.eye(20, dtype=bool),
    "other diagonal": np.eye(20, dtype=bool)[::-1],
    "spiral": spiral(61),
    "turned spiral": np.rot90(spiral(61)).copy(),
    "comb, joined below": comb(20, 41, -1),
    "comb, joined above": comb(20, 41, 0),
    "comb, loose": comb(20, 41, None),
    "zigzag": zigzag(61, 30),
    "turned zigzag": zigzag(61, 30).T.copy(),
    "edges of neighbouring rows": np.array([[0, 0, 1], [1, 0, 0], [0, 0, 1]], bool),
}


def check(mask, shares=(0.0, 0.001, 0.01, 0.05, 0.3, 0.6, 1.0)):
    """Pixel for pixel what OpenCV's connected components leave."""
    probability = mask.astype(np.float32)
    for share in shares:
        expected = apply_threshold(probability, 0.5, share)
        found = in_graph(tf.constant(mask), tf.constant(share * mask.size, tf.float64)).numpy()
        np.testing.assert_array_equal(found, expected.astype(bool), err_msg=f"share {share}")


@pytest.mark.parametrize("name", CASES)
def test_drawn_masks(name):
    check(CASES[name])


def test_by_hand():
    mask = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]], bool)
    found = in_graph(tf.constant(mask), tf.constant(2.5, tf.float64)).numpy()
    assert np.argwhere(found).tolist() == [[0, 4], [1, 4], [2, 4]]
    found = in_graph(tf.constant(mask), tf.constant(2.0, tf.float64)).numpy()
    assert np.argwhere(found).tolist() == [[0, 0], [0, 4], [1, 1], [1, 4], [2, 4]]


def test_spiral_and_zigzag_are_one_region():
    for mask in (spiral(61), zigzag(61, 30)):
        assert cv2.connectedComponents(mask.astype(np.uint8))[0] == 2
        np.testing.assert_array_equal(in_graph(tf.constant(mask), tf.constant(float(mask.sum()), tf.float64)), mask)
        assert not in_graph(tf.constant(mask), tf.constant(mask.sum() + 1.0, tf.float64)).numpy().any()


@pytest.mark.parametrize("density", [0.05, 0.2, 0.35, 0.41, 0.5, 0.7, 0.95])
def test_random_masks(density):
    for seed in range(20):
        rng = np.random.default_rng([seed, int(100 * density)])
        height, width = rng.integers(1, 60, 2)
        check(rng.random((height, width)) < density, shares=(0.002, 0.02, 0.2))


@pytest.mark.parametrize("seed", range(10))
def test_random_disks(seed):
    check(disks(seed), shares=(0.0005, 0.004, 0.02))


def test_large_masks_and_their_worst_cases_end_soon():
    rng = np.random.default_rng(0)
    lesion = np.zeros((600, 800), np.uint8)
    cv2.ellipse(lesion, (400, 300), (150, 90), 20, 0, 360, 1, -1)
    lesion = (lesion > 0) ^ (rng.random(lesion.shape) < 1e-4)
    masks = (lesion, np.indices((600, 800)).sum(axis=0) % 2 == 0, rng.random((600, 800)) < 0.4, zigzag(600, 800))
    for mask in masks:
        start = time.perf_counter()
        check(mask, shares=(0.002,))
        # Measured with OpenCV's part on two busy cores: 0.1 s or less; a label that walks takes minutes.
        assert time.perf_counter() - start < 5
