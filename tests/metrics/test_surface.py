"""Surface scores: hand-drawn masks, the rule for empty masks, and the package surface-distance."""

import math
import warnings

import numpy as np
import pytest
from scipy import ndimage

from keras_hanet import metrics

EMPTY = np.zeros((6, 8), np.uint8)


def rectangle(shape, top, left, height, width):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def disc(shape, row, column, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return ((rows - row) ** 2 + (columns - column) ** 2 <= radius**2).astype(np.uint8)


def scores(mask_true, mask_pred, spacing=(1.0, 1.0), tolerance=1.0):
    distances = metrics.surface_distances(mask_true, mask_pred, spacing)
    reduced = [reducer(distances) for reducer in (metrics.hd95, metrics.hausdorff, metrics.assd)]
    return (*reduced, metrics.nsd(distances, tolerance))


def test_two_points_with_anisotropic_spacing():
    point_true, point_pred = rectangle((6, 8), 1, 2, 1, 1), rectangle((6, 8), 4, 6, 1, 1)
    assert scores(point_true, point_pred) == (5, 5, 5, 0)  # 3 rows down, 4 columns to the right
    assert scores(point_true, point_pred, spacing=(4.0, 1.25), tolerance=13.0) == (13, 13, 13, 1)


def test_outline_of_a_square_has_no_inner_pixel():
    square, point = rectangle((7, 7), 1, 1, 5, 5), rectangle((7, 7), 3, 3, 1, 1)
    distances = metrics.surface_distances(square, point)
    assert distances.true_to_pred.size == 16
    # 4 border pixels straight beside the centre, 8 a knight's move away, 4 in the corners
    by_hand = [2.0] * 4 + [math.sqrt(5)] * 8 + [math.sqrt(8)] * 4
    assert sorted(distances.true_to_pred) == pytest.approx(by_hand)
    assert distances.pred_to_true.tolist() == [2.0]
    assert metrics.assd(distances) == pytest.approx((5 * 2 + 8 * math.sqrt(5) + 4 * math.sqrt(8)) / 17)
    assert metrics.nsd(distances, 2.0) == pytest.approx(5 / 17)
    assert metrics.nsd(distances, 2.3) == pytest.approx(13 / 17)


def test_a_pixel_that_touches_background_only_at_a_corner_is_no_outline():
    notched = rectangle((7, 7), 1, 1, 5, 5)
    notched[1, 1] = 0
    assert metrics.surface_distances(notched, notched).true_to_pred.size == 15


def test_hd95_is_the_larger_of_the_two_directions():
    # A row of 21 pixels against its first pixel: distances 0..20 one way, 0 the other.
    line, point = rectangle((3, 30), 1, 2, 1, 21), rectangle((3, 30), 1, 2, 1, 1)
    for pair in ((line, point), (point, line)):
        hd95, hausdorff, assd, nsd = scores(*pair)
        assert hd95 == pytest.approx(19.0)  # pooling both directions would give 18.95
        assert hausdorff == 20.0
        assert assd == pytest.approx(210 / 22)
        assert nsd == pytest.approx(3 / 22)


@pytest.mark.parametrize("num", [1, 2, 3, 20, 21, 22, 41, 600])
def test_percentile_is_numpys(num):
    values = np.random.default_rng(num).random(num)
    distances = metrics.SurfaceDistances(values, np.zeros(1), diagonal=9.0)
    assert metrics.hd95(distances) == pytest.approx(np.percentile(values, 95), rel=1e-14)


def test_spacing_scales_each_axis():
    line_true, line_pred = rectangle((12, 12), 2, 1, 1, 10), rectangle((12, 12), 5, 1, 1, 10)
    assert scores(line_true, line_pred, spacing=(0.1, 7.0)) == pytest.approx((0.3, 0.3, 0.3, 1.0))
    assert scores(line_true.T, line_pred.T, spacing=(7.0, 0.1)) == pytest.approx((0.3, 0.3, 0.3, 1.0))


def test_image_edge_is_outline():
    full, point = np.ones((5, 5), np.uint8), rectangle((5, 5), 2, 2, 1, 1)
    distances = metrics.surface_distances(full, point)
    assert distances.true_to_pred.size == 16
    assert metrics.hausdorff(distances) == pytest.approx(math.sqrt(8))
    # Cut off by the edge or not, the scores are those of the same masks further inside.
    pair = rectangle((9, 9), 0, 0, 4, 5), rectangle((9, 9), 1, 2, 4, 5)
    assert scores(*pair) == scores(*(np.pad(mask, 3) for mask in pair))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 2.0)])
def test_rule_for_empty_masks(spacing):
    mask = rectangle((6, 8), 1, 1, 3, 3)
    diagonal = math.hypot(6 * spacing[0], 8 * spacing[1])
    assert scores(mask, mask, spacing) == (0, 0, 0, 1)
    assert scores(mask, EMPTY, spacing) == (diagonal, diagonal, diagonal, 0)
    assert scores(EMPTY, mask, spacing) == (diagonal, diagonal, diagonal, 0)
    assert all(math.isnan(score) for score in scores(EMPTY, EMPTY, spacing))
    assert metrics.surface_distances(mask, EMPTY).diagonal == 10.0


def test_a_miss_is_worse_than_any_find():
    corners = rectangle((6, 8), 0, 0, 1, 1), rectangle((6, 8), 5, 7, 1, 1)
    assert scores(*corners)[0] < scores(corners[0], EMPTY)[0]


@pytest.mark.parametrize("spacing", [(1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (1.0, math.inf)])
def test_refuses_impossible_spacing(spacing):
    with pytest.raises(ValueError, match="Received: spacing="):
        metrics.surface_distances(EMPTY, EMPTY, spacing)


def test_refuses_masks_of_different_size():
    with pytest.raises(ValueError, match=r"mask_pred\.shape"):
        metrics.surface_distances(EMPTY, EMPTY.T)


def test_scores_do_not_depend_on_where_the_masks_lie():
    pair = rectangle((40, 40), 2, 3, 6, 5), rectangle((40, 40), 5, 3, 4, 9)
    for spacing in ((1.0, 1.0), (0.1, 0.7)):
        first = scores(*pair, spacing, tolerance=0.3)
        for step in range(1, 25):
            assert scores(*(np.roll(mask, (step, step), (0, 1)) for mask in pair), spacing, 0.3) == pytest.approx(first)


def test_views_of_larger_arrays_are_masks_too():
    pair = rectangle((40, 40), 2, 3, 6, 5), rectangle((40, 40), 5, 3, 4, 9)
    for view in (lambda m: m.T, lambda m: m[::-1], lambda m: m[:, ::-2], lambda m: m[1:20, 2:17]):
        views = [view(mask) for mask in pair]
        copies = [mask.astype(int, order="C") for mask in views]
        assert scores(*views) == scores(*copies)
        assert metrics.confusion(*views) == metrics.confusion(*copies)
        assert metrics.label_regions(views[0]).areas.tolist() == metrics.label_regions(copies[0]).areas.tolist()


def test_distance_equal_to_the_tolerance_lies_within_it():
    points = rectangle((12, 12), 2, 5, 1, 1), rectangle((12, 12), 5, 5, 1, 1)
    assert scores(*points, spacing=(0.1, 1.0), tolerance=0.3)[3] == 1  # 3 x 0.1 is not 0.3 in binary
    assert scores(*points, spacing=(0.1, 1.0), tolerance=0.2999)[3] == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.8)])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_distances_are_those_of_an_exact_distance_map(share, spacing):
    random = np.random.default_rng(0)
    mask_true, mask_pred = random.random((2, 60, 50)) < share
    border_true, border_pred = (mask & ~ndimage.binary_erosion(mask) for mask in (mask_true, mask_pred))
    distances = metrics.surface_distances(mask_true, mask_pred, spacing)
    to_pred = ndimage.distance_transform_edt(~border_pred, sampling=spacing)[border_true]
    to_true = ndimage.distance_transform_edt(~border_true, sampling=spacing)[border_pred]
    np.testing.assert_allclose(distances.true_to_pred, to_pred, rtol=0, atol=1e-12)
    np.testing.assert_allclose(distances.pred_to_true, to_true, rtol=0, atol=1e-12)


@pytest.mark.parametrize("spacing", [None, (0.3, 0.8)])
@pytest.mark.parametrize("seed", range(4))
def test_against_medpy(seed, spacing):
    """Outline, Hausdorff and ASSD are ours; its HD95 is the percentile of both directions pooled."""
    medpy = pytest.importorskip("medpy.metric.binary")
    random = np.random.default_rng(seed)
    mask_true, mask_pred = random.random((2, 24, 30)) < random.uniform(0.02, 0.4, (2, 1, 1))
    distances = metrics.surface_distances(mask_true, mask_pred, spacing or (1.0, 1.0))
    directed = distances.true_to_pred, distances.pred_to_true
    assert metrics.hausdorff(distances) == pytest.approx(medpy.hd(mask_pred, mask_true, spacing))
    pooled, larger = medpy.hd95(mask_pred, mask_true, spacing), metrics.hd95(distances)
    assert np.percentile(np.concatenate(directed), 95) == pytest.approx(pooled)
    assert larger >= pooled - 1e-9
    assert metrics.assd(distances) == pytest.approx(medpy.assd(mask_pred, mask_true, spacing))
    means = [medpy.asd(mask_true, mask_pred, spacing), medpy.asd(mask_pred, mask_true, spacing)]
    assert [values.mean() for values in directed] == pytest.approx(means)


class TestAgainstSurfaceDistance:
    """google-deepmind/surface-distance; its outline runs between the pixels, so not all is comparable."""

    def theirs(self, mask_true, mask_pred, spacing):
        package = pytest.importorskip("surface_distance")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it uses old names of SciPy
            distances = package.compute_surface_distances(mask_true > 0, mask_pred > 0, spacing)
        return {
            "hd95": package.compute_robust_hausdorff(distances, 95),
            "hausdorff": package.compute_robust_hausdorff(distances, 100),
            "assd": np.mean(package.compute_average_surface_distance(distances)),
            "nsd": lambda tolerance: package.compute_surface_dice_at_tolerance(distances, tolerance),
        }

    @pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.8)])
    def test_equal_where_both_outlines_are_parallel(self, spacing):
        shape = (60, 70)
        outer, inner = rectangle(shape, 5, 5, 40, 50), rectangle(shape, 15, 15, 20, 30)
        theirs = self.theirs(outer, inner, spacing)
        assert scores(outer, inner, spacing)[1] == pytest.approx(theirs["hausdorff"], rel=1e-12)
        assert scores(outer, inner, spacing)[1] == pytest.approx(10 * math.hypot(*spacing), rel=1e-12)
        moved = rectangle(shape, 5, 12, 40, 50)
        theirs = self.theirs(outer, moved, spacing)
        assert scores(outer, moved, spacing)[0] == pytest.approx(theirs["hd95"], rel=1e-12)
        assert scores(outer, moved, spacing)[0] == pytest.approx(7 * spacing[1], rel=1e-12)

    # Bounds: the largest differences over 12 seeds were 0.24 and 0.94 of a pixel's diagonal in HD95,
    # 0.17 and 1.08 in the mean of the two directions (theirs weighs by length), 0.012 and 0.060 in NSD.
    @pytest.mark.parametrize(
        ("spacing", "hd95_bound", "mean_bound", "nsd_bound"),
        [((1.0, 1.0), 0.3, 0.25, 0.02), ((0.3, 0.8), 1.0, 1.2, 0.08)],
    )
    @pytest.mark.parametrize("seed", range(4))
    def test_close_on_round_masks(self, seed, spacing, hd95_bound, mean_bound, nsd_bound):
        random = np.random.default_rng(seed)
        mask_true, mask_pred = (
            disc((128, 160), *random.uniform((50, 60), (78, 100)), random.uniform(15, 40)) for _ in range(2)
        )
        distances = metrics.surface_distances(mask_true, mask_pred, spacing)
        theirs, pixel = self.theirs(mask_true, mask_pred, spacing), math.hypot(*spacing)
        hd95, hausdorff, assd, _ = scores(mask_true, mask_pred, spacing)
        directed = (distances.true_to_pred.mean(), distances.pred_to_true.mean())
        assert hausdorff == pytest.approx(theirs["hausdorff"], rel=1e-12)
        assert hd95 == pytest.approx(theirs["hd95"], abs=hd95_bound * pixel)
        assert np.mean(directed) == pytest.approx(theirs["assd"], abs=mean_bound * pixel)
        assert min(directed) < assd < max(directed)
        tolerance = (hausdorff + assd) / 2
        assert metrics.nsd(distances, tolerance) == pytest.approx(theirs["nsd"](tolerance), abs=nsd_bound)
