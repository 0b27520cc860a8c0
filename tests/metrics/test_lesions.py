"""Lesions one by one: masks drawn by hand, the image edge, empty masks, SciPy and medpy as references."""

import numpy as np
import pytest
from scipy import ndimage

from keras_hanet import metrics

EMPTY = np.zeros((12, 12), np.uint8)


def boxes(*corners, shape=(12, 12)):
    """Mask of rectangles (top, left, height, width)."""
    mask = np.zeros(shape, np.uint8)
    for top, left, height, width in corners:
        mask[top : top + height, left : left + width] = 1
    return mask


def ious_of(mask_true, mask_pred):
    return metrics.lesion_ious(metrics.label_regions(mask_true), metrics.label_regions(mask_pred))


def found(mask_true, mask_pred, min_iou):
    return metrics.count_found(ious_of(mask_true, mask_pred), min_iou)


def test_ious_by_hand():
    mask_true = boxes((0, 0, 2, 4), (6, 6, 4, 4))
    mask_pred = boxes((0, 2, 2, 4), (7, 6, 4, 4), (11, 0, 1, 1))
    expected = [[4 / 12, 0, 0], [0, 12 / 20, 0]]
    np.testing.assert_allclose(ious_of(mask_true, mask_pred), expected, rtol=1e-15)
    assert [found(mask_true, mask_pred, min_iou) for min_iou in (0.1, 0.33, 0.34, 0.5, 0.6, 0.61)] == [2, 2, 1, 1, 1, 0]


def test_iou_of_the_bound_itself_counts():
    assert found(boxes((0, 0, 1, 4)), boxes((0, 0, 1, 2)), 0.5) == 1
    assert found(boxes((0, 0, 1, 10)), boxes((0, 0, 1, 1)), 0.1) == 1


def test_one_region_over_two_lesions_finds_one():
    mask_true, mask_pred = boxes((0, 0, 3, 4), (0, 5, 3, 4)), boxes((0, 0, 3, 9))
    np.testing.assert_allclose(ious_of(mask_true, mask_pred), [[12 / 27], [12 / 27]])
    assert found(mask_true, mask_pred, 0.1) == 1
    assert found(mask_pred, mask_true, 0.1) == 1  # and two regions in one lesion are one find


def test_pairs_are_chosen_so_that_most_lesions_are_found():
    # The second lesion fits one region only; the first, greedily, would take it: its IoU there is larger.
    ious = np.array([[0.4, 0.3], [0.2, 0.0]])
    assert metrics.count_found(ious, 0.1) == 2
    assert metrics.count_found(ious, 0.25) == 1
    assert metrics.count_found(ious.T, 0.1) == 2


@pytest.mark.parametrize(
    ("mask_true", "mask_pred", "shape"),
    [
        (EMPTY, EMPTY, (0, 0)),
        (boxes((0, 0, 2, 2), (5, 5, 2, 2)), EMPTY, (2, 0)),
        (EMPTY, boxes((0, 0, 2, 2)), (0, 1)),
    ],
    ids=["true negative", "missed lesions", "false alarm"],
)
def test_rule_for_empty_masks(mask_true, mask_pred, shape):
    ious = ious_of(mask_true, mask_pred)
    assert ious.shape == shape
    assert metrics.count_found(ious, 0.1) == 0


def test_a_pixel_has_eight_neighbours():
    corner = boxes((0, 0, 2, 2), (2, 2, 2, 2))
    assert ious_of(corner, corner).shape == (1, 1)
    apart = boxes((0, 0, 2, 2), (3, 2, 2, 2))
    assert ious_of(apart, apart).shape == (2, 2)


def test_image_edge_cuts_and_does_not_join():
    # A lesion at the edge counts in full; opposite edges are not neighbours.
    edges = boxes((0, 3, 12, 2), (3, 0, 4, 1), (3, 11, 4, 1))
    ious = ious_of(edges, edges)
    np.testing.assert_array_equal(ious, np.eye(3))
    inside = np.pad(edges, 3)
    np.testing.assert_array_equal(ious_of(inside, inside), np.eye(3))


def test_largest_region():
    def largest(*corners):
        return metrics.largest_region(metrics.label_regions(boxes(*corners)))

    np.testing.assert_array_equal(largest((0, 0, 2, 2), (5, 5, 3, 3), (10, 0, 1, 5)), boxes((5, 5, 3, 3)) == 1)
    assert largest((5, 5, 1, 4), (0, 0, 2, 2)).sum() == 4
    assert not largest().any()
    assert largest().shape == (12, 12)


@pytest.mark.parametrize("seed", range(4))
def test_regions_are_those_of_scipy(seed):
    mask = np.random.default_rng(seed).random((40, 30)) < 0.3
    labels, areas = metrics.label_regions(mask)
    theirs, num = ndimage.label(mask, np.ones((3, 3)))
    assert len(areas) == num
    assert len(np.unique(labels + 1000 * theirs)) == num + 1  # a one-to-one relation, background included
    np.testing.assert_array_equal(areas, np.bincount(labels.ravel())[1:])


@pytest.mark.parametrize("seed", range(4))
def test_against_medpy_where_one_pixel_is_enough(seed):
    """medpy's pairs are one to one as well; its obj_tpr divides by the predictions, its obj_fpr by the lesions."""
    medpy = pytest.importorskip("medpy.metric.binary")
    random = np.random.default_rng(seed)
    mask_true, mask_pred = (
        ndimage.binary_dilation(random.random((60, 60)) < 0.004, iterations=int(random.integers(2, 5)))
        for _ in range(2)
    )
    ious = ious_of(mask_true, mask_pred)
    assert min(ious.shape) > 3
    num_found = metrics.count_found(ious, 1e-9)
    assert num_found / ious.shape[1] == pytest.approx(medpy.obj_tpr(mask_pred, mask_true, connectivity=2))
    assert 1 - num_found / ious.shape[0] == pytest.approx(medpy.obj_fpr(mask_pred, mask_true, connectivity=2))
