"""Brackets by hand, as sharp as linear programming finds them, and never left by drawn distributions."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from keras_hanet.errors import InputError
from keras_hanet.evaluation import plausibility
from keras_hanet.evaluation.plausibility import Range, read_score


def exactly(number):
    return Range(number, number)


def printed(number, digits=4):
    return read_score(f"{number:.{digits}f}")


# === Digits ===


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.9728", 0.97275, 0.97285),
        ("97.28", 0.97275, 0.97285),
        ("97.28 %", 0.97275, 0.97285),
        ("0.8", 0.75, 0.85),
        ("77", 0.765, 0.775),
        ("0.5%", 0.0045, 0.0055),
        ("100", 0.995, 1.0),
        ("0", 0.0, 0.5),
    ],
)
def test_digits_leave_a_range(text, low, high):
    assert read_score(text) == pytest.approx((low, high), abs=1e-15)


@pytest.mark.parametrize("text", ["97,28", "-0.1", "100.5", "nan", "inf", ""])
def test_what_is_no_score_is_refused(text):
    with pytest.raises(InputError, match=r"expected a score as 0\.9728 or 97\.28"):
        read_score(text)


# === By hand ===


def test_dice_between_all_alike_and_all_or_nothing():
    assert plausibility.dice_range(exactly(0.5)) == pytest.approx((0.5, 2 / 3))
    assert plausibility.dice_range(exactly(0.5), 2) == pytest.approx((0.5, 2 / 3))  # IoU 0 and 1
    assert plausibility.dice_range(exactly(0.5), 3) == pytest.approx((5 / 9, 2 / 3))  # IoU 0, 1/2 and 1: Dice 0, 2/3, 1
    assert plausibility.dice_range(exactly(0.5), 1) == pytest.approx((2 / 3, 2 / 3))
    assert plausibility.dice_range(Range(0.25, 0.5)) == pytest.approx((0.25, 2 / 3))


def test_spread_and_zeros_of_two_values():
    # IoU 1/2 and 1 in equal parts: means 3/4 and (2/3 + 1) / 2. The same means come from 1/16 at 0 and the rest at 0.8.
    dice, jaccard = exactly(5 / 6), exactly(3 / 4)
    low, high = plausibility.jaccard_spread(dice, jaccard)
    assert high == pytest.approx(1 / 4)
    assert low == pytest.approx(math.sqrt(15 / 16 * 0.64 - 9 / 16))
    assert plausibility.largest_zero_share(dice, jaccard) == pytest.approx(1 / 16)
    assert low < plausibility.taylor_spread(dice, jaccard) < high + 0.05


def test_all_alike_and_all_or_nothing():
    assert plausibility.jaccard_spread(exactly(2 / 3), exactly(0.5)) == pytest.approx((0, 0), abs=1e-7)
    assert plausibility.largest_zero_share(exactly(2 / 3), exactly(0.5)) == pytest.approx(0)
    assert plausibility.taylor_spread(exactly(0.7), exactly(0.5)) is None
    # Three of four images right, one missed.
    assert plausibility.jaccard_spread(exactly(0.75), exactly(0.75)) == pytest.approx((math.sqrt(3 / 16),) * 2)
    assert plausibility.largest_zero_share(exactly(0.75), exactly(0.75)) == pytest.approx(0.25)
    assert plausibility.jaccard_spread(exactly(1), exactly(1)) == (0, 0)
    assert plausibility.largest_zero_share(exactly(0), exactly(0)) == 1


def test_the_widest_of_all_pairs_that_the_digits_leave():
    # All or nothing at the lowest IoU of 0.65: 35 % zeros. A Dice of 0.65 beside an IoU of 0.75 is no pair.
    both = read_score("0.7")
    assert plausibility.largest_zero_share(both, both) == pytest.approx(0.35)
    assert plausibility.jaccard_spread(both, both).high == pytest.approx(math.sqrt(0.65 * 0.35))
    # Nor is a Dice of 0.35 beside an IoU of 0: the most zeros are at 0.35 with 0.35.
    assert plausibility.largest_zero_share(Range(0.35, 0.45), read_score("0")) == pytest.approx(0.65)


def test_the_claimed_pair():
    dice, jaccard = read_score("97.28"), read_score("94.75")
    # Middles: gap 0.973042 - 0.9728 = 0.000242, second order sqrt(0.000242 * 1.9475^3 / 2) = 0.030.
    assert plausibility.taylor_spread(dice, jaccard) == pytest.approx(0.0299, abs=1e-4)
    # x = 2 * 0.94755 / 0.97275 - 1 = 0.948188; 1 - 0.94755 / x = 0.00067, less than one of 647.
    assert plausibility.largest_zero_share(dice, jaccard) == pytest.approx(1 - 0.94755 / 0.948188, abs=1e-6)
    assert 647 * plausibility.largest_zero_share(dice, jaccard) < 1


def test_two_classes_of_one_pool():
    # 100 pixels: TP 8, FP 1, FN 1, TN 90: lesion 8/10, background 90/92, accuracy 98/100.
    a, b = 8 / 10, 90 / 92
    dice, jaccard = exactly((2 * 8 / 18 + 2 * 90 / 182) / 2), exactly((a + b) / 2)
    assert plausibility.two_classes(dice, jaccard) == pytest.approx((a, b))
    assert plausibility.two_classes_accuracy(dice, jaccard) == pytest.approx((0.98, 0.98))
    assert plausibility.two_classes_accuracy(exactly(0.75), exactly(0.75 - 1 / 12)) == pytest.approx((1, 1)), "b is 1"


def test_shares_of_one_pool():
    # The same pixels: union 10, intersection 8, lesion 9 of 100; precision and sensitivity 8/9.
    assert plausibility.union_share(exactly(0.98), exactly(0.8)) == pytest.approx((0.1, 0.1))
    assert plausibility.lesion_share(exactly(0.98), exactly(0.8)) == pytest.approx((0.08, 0.1))
    assert plausibility.harmonic_mean(exactly(8 / 9), exactly(8 / 9)) == pytest.approx((8 / 9, 8 / 9))
    assert plausibility.harmonic_mean(Range(0, 0.5), Range(0, 1)) == pytest.approx((0, 2 / 3))
    assert plausibility.union_share(Range(0.9, 1), Range(0.9, 1)) == (0, 1)


# === Sharp ===


@pytest.mark.parametrize(("m", "d"), [(0.9475, 0.9728), (0.729, 0.812), (0.5, 0.55), (0.2, 0.3)])
def test_no_other_distribution_goes_beyond(m, d):
    """The extremes over all distributions on a grid of 2,001 IoU with the two means, by linear programming."""
    grid = np.linspace(0, 1, 2001)
    means = np.stack([np.ones_like(grid), grid, 2 * grid / (1 + grid)])

    def most(function):
        return -linprog(-function, A_eq=means, b_eq=[1, m, d], method="highs").fun

    low, high = plausibility.jaccard_spread(exactly(d), exactly(m))
    assert high == pytest.approx(math.sqrt(most(grid**2) - m * m), abs=2e-4)
    assert low == pytest.approx(math.sqrt(-most(-(grid**2)) - m * m), abs=2e-4)
    zeros = most((grid == 0).astype(float))
    assert plausibility.largest_zero_share(exactly(d), exactly(m)) == pytest.approx(zeros, abs=2e-4)


# === Never left ===


def draw_jaccards(random):
    num = random.integers(1, 60)
    jaccards = random.beta(*random.choice([(20, 1), (6, 2), (2, 2), (0.3, 0.3)]), num)
    jaccards[random.random(num) < random.choice([0, 0.1, 0.5])] = 0
    jaccards[random.random(num) < random.choice([0, 0.2])] = 1
    return jaccards


def test_drawn_scores_never_leave_the_brackets():
    random = np.random.default_rng(0)
    widths = []
    for _ in range(1000):
        jaccards = draw_jaccards(random)
        digits = random.integers(2, 7)
        dice, jaccard = printed((2 * jaccards / (1 + jaccards)).mean(), digits), printed(jaccards.mean(), digits)
        assert plausibility.overlap(dice, plausibility.dice_range(jaccard))
        assert plausibility.overlap(dice, plausibility.dice_range(jaccard, len(jaccards)))
        low, high = plausibility.jaccard_spread(dice, jaccard)
        assert low - 1e-6 <= jaccards.std() <= high + 1e-6
        assert np.mean(jaccards == 0) <= plausibility.largest_zero_share(dice, jaccard) + 1e-9
        widths.append(high - low)
    assert np.median(widths) < 0.1, "the brackets say something"


def test_drawn_pools_never_leave_the_brackets():
    random = np.random.default_rng(1)
    for _ in range(400):
        tp, fp, fn, tn = counts = random.integers(1, random.choice([10, 100, 10000]), 4)
        classes = np.array([tp / (tp + fp + fn), tn / (tn + fp + fn)])
        accuracy, share = printed((tp + tn) / counts.sum()), (tp + fn) / counts.sum()
        dice, jaccard = printed((2 * classes / (1 + classes)).mean()), printed(classes.mean())
        assert plausibility.overlap(accuracy, plausibility.two_classes_accuracy(dice, jaccard))
        low, high = plausibility.lesion_share(accuracy, printed(classes[0]))
        assert low - 1e-9 <= share <= high + 1e-9
        harmonic = plausibility.harmonic_mean(printed(tp / (tp + fp)), printed(tp / (tp + fn)))
        assert plausibility.overlap(harmonic, printed(2 * tp / (2 * tp + fp + fn)))
