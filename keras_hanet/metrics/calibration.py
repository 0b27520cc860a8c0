"""Does a probability mean what it says: of pixels in bins, and of images sorted by confidence."""

from dataclasses import dataclass

import numpy as np

NUM_BINS = 10
EDGES = tuple(edge / NUM_BINS for edge in range(NUM_BINS + 1))
_ROUNDING = 1e-3  # resizing may leave 0..1 by this much


@dataclass(frozen=True)
class Reliability:
    """Pixels sorted by their probability into ten bins; two add up to that of all their pixels.

    A bin holds its upper edge and not its lower one; 0 is in the first.

    Attributes:
        count: (10,) int64, pixels of each bin.
        probability_sum: (10,) float64, of their probabilities.
        lesion_count: (10,) int64, how many of them are lesion.
        square_error: sum over all pixels of (probability - mask)^2.
    """

    count: np.ndarray
    probability_sum: np.ndarray
    lesion_count: np.ndarray
    square_error: float

    def __add__(self, other):
        return Reliability(
            self.count + other.count,
            self.probability_sum + other.probability_sum,
            self.lesion_count + other.lesion_count,
            self.square_error + other.square_error,
        )


def reliability(mask_true, probability):
    """Sort the pixels of one image into bins, once; `ece` and `brier` reduce them to a score.

    Args:
        mask_true: (H, W), any dtype, in {0, 1}; the reference.
        probability: (H, W) float, 0..1; what leaves that range by rounding is clipped.

    Returns:
        Reliability.

    Raises:
        ValueError: if the shapes differ or the probability leaves 0..1, as logits or nan do.
    """
    mask_true, probability = np.asarray(mask_true).astype(bool).ravel(), _checked(mask_true, probability).ravel()
    above = probability > EDGES[1]  # few pixels; what is not above lies in the first bin
    some = probability[above]
    bins = np.ceil(some * NUM_BINS).astype(np.intp) - 1
    count = np.bincount(bins, minlength=NUM_BINS)
    probability_sum = np.bincount(bins, weights=some, minlength=NUM_BINS)
    lesion_count = np.bincount(bins[mask_true[above]], minlength=NUM_BINS)
    for sums, total in (
        (count, probability.size),
        (probability_sum, probability.sum(dtype=np.float64)),
        (lesion_count, np.count_nonzero(mask_true)),
    ):
        sums[0] += total - sums.sum()
    square_error = np.square(probability - mask_true).sum(dtype=np.float64)
    return Reliability(count, probability_sum, lesion_count, float(square_error))


def ece(bins):
    """Expected calibration error: the mean over pixels of |mean probability - share of lesion| of their bin, 0..1.

    Guo et al., ICML 2017, with the probability of lesion in the place of the confidence in the class.
    """
    return float(np.abs(bins.probability_sum - bins.lesion_count).sum() / bins.count.sum())


def brier(bins):
    """Brier score: the mean over pixels of (probability - mask)^2, 0..1; not binned."""
    return bins.square_error / int(bins.count.sum())


def risk_coverage(confidence, risk):
    """Risk of the images a reader keeps who gives the least confident ones away.

    Images are sorted by falling confidence; the k-th risk is the mean over the first k. Images of the
    same confidence count with the mean of their risks, so their order does not matter.

    Args:
        confidence: (N,) numbers.
        risk: (N,) numbers, N of 1 or more.

    Returns:
        (coverage, risk, aurc): (N,) k / N, (N,) the mean risk of the k most confident images, and the
        area under that curve, the mean of it over k (Geifman and El-Yaniv, ICLR 2019).

    Raises:
        ValueError: if the lengths differ or there is no image.
    """
    confidence, risk = np.asarray(confidence, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    if confidence.ndim != 1 or confidence.shape != risk.shape or not confidence.size:
        raise ValueError(
            "One risk is needed for each confidence, and at least one image. "
            f"Received: confidence.shape={confidence.shape}, risk.shape={risk.shape}"
        )
    _, level, num = np.unique(-confidence, return_inverse=True, return_counts=True)
    sorted_risk = np.repeat(np.bincount(level, weights=risk) / num, num)
    kept = np.arange(1, risk.size + 1)
    curve = np.cumsum(sorted_risk) / kept
    return kept / risk.size, curve, float(curve.mean())


def _checked(mask_true, probability):
    probability = np.asarray(probability)
    if np.shape(mask_true) != probability.shape or not probability.size:
        raise ValueError(
            "One probability is needed for each pixel of the mask, and at least one. "
            f"Received: mask_true.shape={np.shape(mask_true)}, probability.shape={probability.shape}"
        )
    low, high = probability.min(), probability.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise ValueError(f"A probability lies in 0..1; logits need a sigmoid. Received: {low} to {high}")
    return np.clip(probability, 0, 1)
