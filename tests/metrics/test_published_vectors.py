"""Numbers that others published for masks drawn by hand; where ours differ on purpose, ours stand beside them.

surface-distance: google-deepmind/surface-distance, `surface_distance_test.py`, its two-dimensional cases.
MetricsReloaded: Project-MONAI/MetricsReloaded, `test/test_metrics` and `test/test_processes`; its figures
are those of Reinke et al., "Understanding metric-related pitfalls", Nature Methods 2024.
"""

import math

import numpy as np
import pytest

from keras_hanet import metrics


def mask(shape, *boxes):
    """Mask of boxes (first row, row after the last, first column, column after the last)."""
    drawn = np.zeros(shape, np.uint8)
    for top, bottom, left, right in boxes:
        drawn[top:bottom, left:right] = 1
    return drawn


def vector(*runs):
    """Mask of one row from runs of (value, length)."""
    return np.concatenate([np.full(length, value, np.uint8) for value, length in runs])[None]


def dice(mask_true, mask_pred):
    return metrics.dice(metrics.confusion(mask_true, mask_pred))


def test_surface_distance_two_pixels_two_mm_apart():
    pair = mask((128, 128), (50, 51, 70, 71)), mask((128, 128), (50, 51, 72, 73))
    distances = metrics.surface_distances(*pair, spacing=(2, 1))
    assert (metrics.hausdorff(distances), metrics.hd95(distances), dice(*pair)) == (2.0, 2.0, 0.0)
    # Theirs run from the corners of the pixels: 1 and 2 mm, so an average of 1.5 and half within 1 mm.
    assert (metrics.assd(distances), metrics.nsd(distances, 1)) == (2.0, 0.0)


def test_surface_distance_two_squares_shifted_by_one_pixel():
    pair = mask((6, 6), (1, 3, 1, 3)), mask((6, 6), (1, 4, 1, 3))
    distances = metrics.surface_distances(*pair, spacing=(2, 1))
    assert (metrics.hausdorff(distances), metrics.hd95(distances)) == (2.0, 2.0)
    assert dice(*pair) == pytest.approx(0.8)
    # Theirs weighs by length: 1 - (sqrt(5) + 1) / (8 sqrt(5)/2 + 4 + 12) = 0.870; here pixels: 8 of 10.
    assert metrics.nsd(distances, 1) == 0.8


def test_surface_distance_empty_masks():
    lesion, empty = mask((128, 128), (50, 51, 60, 61)), mask((128, 128))
    for pair in ((lesion, empty), (empty, lesion)):
        distances = metrics.surface_distances(*pair, spacing=(3, 2))
        assert (metrics.nsd(distances, 1), dice(*pair)) == (0.0, 0.0)
        # Theirs is infinite, which no mean survives.
        assert metrics.hausdorff(distances) == metrics.hd95(distances) == pytest.approx(128 * math.sqrt(13))
    distances = metrics.surface_distances(empty, empty, spacing=(3, 2))
    assert all(map(math.isnan, (metrics.assd(distances), metrics.nsd(distances, 1), dice(empty, empty))))
    assert math.isnan(metrics.hausdorff(distances))  # theirs is infinite here too


SQUARE = mask((11, 11), (3, 8, 3, 8))
CROSS = mask((11, 11), (3, 8, 3, 8), (5, 6, 1, 10), (1, 10, 5, 6))


def test_metrics_reloaded_square_and_cross():
    counts = metrics.confusion(SQUARE, CROSS)
    assert metrics.dice(counts) == pytest.approx(0.862, abs=1e-3)
    assert metrics.jaccard(counts) == pytest.approx(0.76, abs=0.01)
    distances = metrics.surface_distances(SQUARE, CROSS)
    assert metrics.assd(distances) == pytest.approx(0.44, abs=0.01)
    mean_of_means = (distances.true_to_pred.mean() + distances.pred_to_true.mean()) / 2
    assert mean_of_means == pytest.approx(0.425, abs=1e-3)  # their MASD
    assert metrics.nsd(distances, 1) == pytest.approx(0.89, abs=0.01)
    assert metrics.nsd(distances, 2) == 1.0


def test_metrics_reloaded_a_missed_pixel_far_away():
    pair = mask((14, 14), (1, 2, 1, 2), (9, 12, 9, 12)), mask((14, 14), (9, 12, 9, 12))
    distances = metrics.surface_distances(*pair)
    assert metrics.hausdorff(distances) == pytest.approx(11.31, abs=0.01)
    assert metrics.hd95(distances) == pytest.approx(6.79, abs=0.01)


def test_metrics_reloaded_overlap():
    large = mask((11, 11), (2, 5, 2, 9), (5, 9, 2, 6))
    without_corner = large.copy()
    without_corner[8, 2] = 0
    assert dice(large, without_corner) == pytest.approx(0.986, abs=1e-3)
    counts = metrics.confusion(vector((1, 70), (0, 1)), vector((1, 40), (0, 30), (1, 1)))
    assert metrics.sensitivity(counts) == pytest.approx(0.57, abs=0.01)
    counts = metrics.confusion(vector((1, 50), (0, 50)), vector((1, 45), (0, 5), (1, 10), (0, 40)))
    assert metrics.precision(counts) == pytest.approx(0.82, abs=0.01)
    counts = metrics.confusion(vector((1, 90), (0, 10)), vector((1, 81), (0, 9), (1, 2), (0, 8)))
    assert metrics.precision(counts) == pytest.approx(0.98, abs=0.01)
    counts = metrics.confusion(vector((1, 35), (0, 70)), vector((1, 20), (0, 15), (1, 60), (0, 10)))
    assert metrics.accuracy(counts) == pytest.approx(0.286, abs=1e-3)
    counts = metrics.confusion(mask((5, 6), (0, 5, 0, 4)), mask((5, 6), (1, 4, 1, 6)))
    assert counts == (9, 6, 11, 4)


def test_metrics_reloaded_balanced_accuracy_gives_specificity():
    counts = metrics.confusion(vector((1, 1999), (0, 1)), vector((1, 1499), (0, 501)))
    balanced = (metrics.sensitivity(counts) + metrics.specificity(counts)) / 2
    assert balanced == pytest.approx(0.87, abs=0.01)


def test_metrics_reloaded_panoptic_quality_is_f1_times_the_mean_iou_of_what_was_found():
    mask_true = mask((18, 18), (2, 7, 1, 3), (2, 5, 3, 6), (6, 12, 12, 17), (14, 15, 7, 10), (13, 16, 8, 9))
    mask_pred = mask(
        (18, 18), (3, 7, 1, 3), (3, 6, 3, 7), (13, 16, 4, 6), (7, 12, 13, 17), (13, 15, 13, 17), (15, 16, 15, 16)
    )
    ious = metrics.lesion_ious(metrics.label_regions(mask_true), metrics.label_regions(mask_pred))
    assert ious.shape == (3, 4)
    num_found = metrics.count_found(ious, 0.5)
    assert num_found == 2
    f1 = 2 * num_found / (3 + 4)
    assert f1 * ious[ious >= 0.5].mean() == pytest.approx(0.350, abs=1e-3)


def test_metrics_reloaded_calibration():
    probability = np.array([[0.22, 0.48, 0.49, 0.96, 0.55, 0.64, 0.78, 0.82, 0.34, 0.87]])
    lesion = np.array([[0, 1, 0, 0, 1, 1, 1, 1, 1, 0]], np.uint8)
    assert metrics.ece(metrics.reliability(lesion, probability)) == pytest.approx(0.36, abs=0.01)
    bins = metrics.reliability(np.array([[1, 0]], np.uint8), np.array([[0.8, 0.6]]))
    assert 2 * metrics.brier(bins) == pytest.approx(0.4, abs=0.01)  # theirs adds both classes
