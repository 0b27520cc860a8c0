"""What a mean Dice and a mean IoU say about each other, and about the images they are means of.

The Dice D and the IoU J of one image, one batch or one class (a "unit") are bound: D = 2 J / (1 + J), a concave
curve. Over many units only the means are printed. For the mean IoU m and the mean Dice d:

- m <= d <= 2 m / (1 + m). The upper end (Jensen) is reached if all units are alike, the lower one if every
  unit has 0 or 1; with n units the lower end is a little higher, as n m need not be whole.
- d says how the units spread: 2 m / (1 + m) - d is the mean of 2 (J - m)^2 / ((1 + m)^2 (1 + J)), exactly.
- Of all distributions with these means, the least variance and the most units at 0 belong to the one on {0, x},
  x = 2 m / d - 1, the largest variance to the one on {y, 1}, y = (1 - m) / (1 - d) - 1: the ends of the
  moment space of the Chebyshev system 1, J, 1 / (1 + J), J^2 (Karlin and Studden, 1966).

Printed numbers are rounded, so everything here takes and gives ranges; an end is included.
"""

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from keras_hanet.errors import InputError

_ROUNDING = 1e-12


class Range(NamedTuple):
    """All numbers from `low` to `high`, both 0..1."""

    low: float
    high: float

    @property
    def middle(self):
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Claim:
    """Published scores, each as the `Range` that its digits leave open; None where not published.

    Attributes:
        dice, jaccard, accuracy, precision, sensitivity: the means; precision and sensitivity both or neither.
        lesion_share: lesion pixels as a share of the scored images' pixels, where it is known.
        num: number of images scored; None where not known.
    """

    dice: Range
    jaccard: Range
    accuracy: Range | None = None
    precision: Range | None = None
    sensitivity: Range | None = None
    lesion_share: Range | None = None
    num: int | None = None


def read_score(text):
    """The range of the numbers that are printed so: "0.9728" is 0.97275..0.97285, and so is "97.28".

    Args:
        text: str; a number above 1 or with a % sign is in percent.

    Raises:
        InputError: if it is no number from 0 to 1 or to 100 %.
    """
    try:
        number = Decimal(text.strip().removesuffix("%").strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not (number.is_finite() and 0 <= number <= 100):
        raise InputError(f"expected a score as 0.9728 or 97.28, got {text!r}; give a number from 0 to 1 or to 100 %")
    half = Decimal(1).scaleb(number.as_tuple().exponent) / 2
    scale = 100 if number > 1 or "%" in text else 1
    return Range(float(max(number - half, 0) / scale), float(min((number + half) / scale, 1)))


def dice_of(jaccard):
    """2 J / (1 + J)."""
    return 2 * jaccard / (1 + jaccard)


def jaccard_of(dice):
    """D / (2 - D)."""
    return dice / (2 - dice)


def overlap(one, two):
    """Whether two ranges share a number."""
    return one.low <= two.high + _ROUNDING and two.low <= one.high + _ROUNDING


def dice_range(jaccard, num=None):
    """Mean Dice that can go with a mean IoU.

    Args:
        jaccard: `Range` of the mean IoU.
        num: units of the mean; None if not known, then as if there were endlessly many.

    Returns:
        `Range`. A pair (mean IoU, mean Dice) is possible where the printed Dice overlaps it.
    """
    return Range(_lowest_dice(jaccard.low, num), dice_of(jaccard.high))


def jaccard_spread(dice, jaccard):
    """Standard deviation of the units' IoU that a possible pair of means asks for.

    Returns:
        `Range` of the population's standard deviation over all distributions with such means.
    """
    m, d = jaccard.low, dice.high
    least = 0.0 if d >= dice_of(m) else 2 * m * m / d - m - m * m
    most = max(0.0 if d == 1 else 1 - (1 - m) ** 2 / (1 - d) - m * m for m, d in _lowest_pairs(dice, jaccard))
    return Range(math.sqrt(max(least, 0.0)), math.sqrt(max(most, 0.0)))


def taylor_spread(dice, jaccard):
    """The same by the second-order Taylor expansion at the middles, d = f(m) + f''(m) var / 2; None above the curve."""
    gap = dice_of(jaccard.middle) - dice.middle
    return math.sqrt(gap * (1 + jaccard.middle) ** 3 / 2) if gap >= 0 else None


def largest_zero_share(dice, jaccard):
    """Largest share of the units that may have Dice and IoU 0, for a possible pair of means: 1 - m / x."""
    return max(1.0 if d == 0 else 1 - m * d / (2 * m - d) for m, d in _lowest_pairs(dice, jaccard))


def two_classes(dice, jaccard):
    """IoU of the two classes whose plain mean gives the middles of the pair, the lower first.

    From a + b = 2 m and the two Dice it follows that ((b - a) / 2)^2 = (1 + m) (1 + m - 2 / (2 - d)).
    """
    return _two_classes(jaccard.middle, dice.middle)


def two_classes_accuracy(dice, jaccard):
    """Accuracy that goes with a possible pair, if it is the mean of lesion and background over a pooled set.

    With E the share of wrong pixels, each class has J = TP / (TP + E), so TP = E J / (1 - J); TP of both classes
    and E add up to 1, so 1 / E = 1 + a / (1 - a) + b / (1 - b).

    Returns:
        `Range`.
    """
    few = _accuracy(*_two_classes(max(jaccard.low, jaccard_of(dice.low)), dice.high))
    return Range(few, _accuracy(*_two_classes(jaccard.high, dice.low)))


def union_share(accuracy, jaccard):
    """Pixels of reference and prediction together as a share of all, over a pooled set: (1 - accuracy) / (1 - J).

    Wrong pixels are the union without the intersection, so E = U (1 - J). Over single images the same quotient of
    the means is the mean of their U, weighted by 1 - J.
    """
    low = (1 - accuracy.high) / (1 - jaccard.low) if jaccard.low < 1 else 0.0
    high = (1 - accuracy.low) / (1 - jaccard.high) if jaccard.high < 1 else 1.0
    return Range(low, min(high, 1.0))


def lesion_share(accuracy, jaccard):
    """Share of the pixels that is lesion, over a pooled set: between the intersection U J and the union U."""
    union = union_share(accuracy, jaccard)
    return Range(union.low * jaccard.low, union.high)


def harmonic_mean(precision, sensitivity):
    """Dice of a pooled set, 2 P S / (P + S), as a `Range`; of single images the most their mean Dice can be."""
    return Range(*(2 * p * s / (p + s) if p + s else 0.0 for p, s in zip(precision, sensitivity, strict=True)))


def _lowest_dice(m, num):
    """As many units at 1 as the mean allows, one in between, the rest at 0."""
    if num is None:
        return m
    ones = math.floor(num * m + _ROUNDING)
    return (ones + dice_of(max(num * m - ones, 0.0))) / num


def _lowest_pairs(dice, jaccard):
    """Pairs (m, d) of which one has the widest distribution: d is the lowest at m; every range lies between them."""
    low, high = max(jaccard.low, jaccard_of(dice.low)), min(jaccard.high, dice.high)
    for m in (low, high, dice.low, 0.5):
        m = min(max(m, low), high)
        yield m, max(dice.low, m)


def _two_classes(m, d):
    half = math.sqrt(max((1 + m) * (1 + m - 2 / (2 - d)), 0.0))
    return max(m - half, 0.0), min(m + half, 1.0)


def _accuracy(a, b):
    if b >= 1:
        return 1.0
    return 1 - 1 / (1 + a / (1 - a) + b / (1 - b))
