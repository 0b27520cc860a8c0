"""Calibration and risk-coverage: by hand, and scikit-learn as the outside reference."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from keras_hanet import metrics

MASK = np.array([[0, 0, 1, 1]], np.uint8)
PROBABILITY = np.array([[0.05, 0.55, 0.55, 0.95]], np.float32)


def test_bins_by_hand():
    bins = metrics.reliability(MASK, PROBABILITY)
    assert bins.count.tolist() == [1, 0, 0, 0, 0, 2, 0, 0, 0, 1]
    assert bins.lesion_count.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert bins.probability_sum == pytest.approx([0.05, 0, 0, 0, 0, 1.1, 0, 0, 0, 0.95])
    assert metrics.ece(bins) == pytest.approx((0.05 + 0.1 + 0.05) / 4)
    assert metrics.brier(bins) == pytest.approx((0.05**2 + 0.55**2 + 0.45**2 + 0.05**2) / 4)


def test_a_bin_holds_its_upper_edge():
    edges = np.array([[0.0, 0.25, 0.5, 0.500001, 1.0]])
    bins = metrics.reliability(np.zeros((1, 5), np.uint8), edges)
    assert bins.count.tolist() == [1, 0, 1, 0, 1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("probability", "ece", "brier"),
    [([0, 0, 1, 1], 0.0, 0.0), ([1, 1, 0, 0], 1.0, 1.0), ([0.5] * 4, 0.0, 0.25), ([0.8] * 4, 0.3, 0.34)],
    ids=["right", "wrong", "does not know, and says so", "too sure"],
)
def test_ideal_worst_and_between(probability, ece, brier):
    bins = metrics.reliability(MASK, np.array([probability], np.float32))
    assert (metrics.ece(bins), metrics.brier(bins)) == pytest.approx((ece, brier), abs=1e-6)


def test_sum_of_two_images_is_that_of_all_their_pixels():
    random = np.random.default_rng(0)
    probability, mask = random.random((2, 9, 7)), random.random((2, 9, 7)) < 0.4
    both = metrics.reliability(mask[0], probability[0]) + metrics.reliability(mask[1], probability[1])
    whole = metrics.reliability(mask.reshape(18, 7), probability.reshape(18, 7))
    assert both.count.tolist() == whole.count.tolist()
    assert (metrics.ece(both), metrics.brier(both)) == pytest.approx((metrics.ece(whole), metrics.brier(whole)))


@pytest.mark.parametrize("seed", range(4))
def test_against_scikit_learn(seed):
    random = np.random.default_rng(seed)
    probability = random.beta(0.4, 0.6, (30, 20))
    mask = (random.random((30, 20)) < probability**1.5).astype(np.uint8)
    bins = metrics.reliability(mask, probability)
    share, mean = calibration_curve(mask.ravel(), probability.ravel(), n_bins=10)
    filled = bins.count > 0
    np.testing.assert_allclose(bins.lesion_count[filled] / bins.count[filled], share, rtol=1e-12)
    np.testing.assert_allclose(bins.probability_sum[filled] / bins.count[filled], mean, rtol=1e-12)
    assert metrics.ece(bins) == pytest.approx(np.average(np.abs(share - mean), weights=bins.count[filled]))
    assert metrics.brier(bins) == pytest.approx(brier_score_loss(mask.ravel(), probability.ravel()))


def test_rounding_outside_0_to_1_is_clipped_and_logits_are_refused():
    bins = metrics.reliability(MASK, np.array([[-0.0005, 0, 1, 1.0005]]))
    assert (metrics.ece(bins), metrics.brier(bins)) == (0, 0)
    for value in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="logits need a sigmoid"):
            metrics.reliability(MASK, np.array([[0, 0, 1, value]]))
    with pytest.raises(ValueError, match=r"probability\.shape=\(4,\)"):
        metrics.reliability(MASK, PROBABILITY[0])


def test_risk_coverage_by_hand():
    coverage, risk, aurc = metrics.risk_coverage([0.9, 0.1, 0.5, 0.7], [0.0, 1.0, 0.6, 0.2])
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0.1, 0.8 / 3, 0.45])
    assert aurc == pytest.approx((0 + 0.1 + 0.8 / 3 + 0.45) / 4)


def test_confidence_that_orders_the_risks_is_best_and_the_reverse_worst():
    random = np.random.default_rng(1)
    risk = random.random(50)
    best, worst = metrics.risk_coverage(-risk, risk)[2], metrics.risk_coverage(risk, risk)[2]
    others = [metrics.risk_coverage(random.random(50), risk)[2] for _ in range(20)]
    assert best < min(others)
    assert max(others) < worst
    assert metrics.risk_coverage(risk, risk)[1][-1] == pytest.approx(risk.mean())


def test_order_of_equally_confident_images_does_not_matter():
    confidence, risk = [0.9, 0.9, 0.2, 0.2], [1.0, 0.0, 0.4, 0.8]
    _, curve, aurc = metrics.risk_coverage(confidence, risk)
    assert curve == pytest.approx([0.5, 0.5, 1.6 / 3, 0.55])
    assert metrics.risk_coverage(confidence[::-1], risk[::-1])[2] == pytest.approx(aurc)


def test_refuses_no_image_and_unequal_lengths():
    for pair in (([], []), ([0.1], [0.1, 0.2])):
        with pytest.raises(ValueError, match=r"confidence\.shape"):
            metrics.risk_coverage(*pair)
