"""One image as the network might as well have seen it: mirrored, smaller, larger; and how far its answers agree.

A network that has found a lesion finds it in the mirror, too. Where the answers differ, the outline is less to be
trusted: test-time augmentation as a measure of uncertainty (Wang et al., Neurocomputing 338 (2019) 34). What is
measured here is turned into an expected Dice by `keras_hanet.analysis.reliability`.
"""

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from PIL import Image

from keras_hanet.data.preprocessing import resize_probability

NUM_VARIANTS = 3
MARGIN = 1 / 20  # of a side: added at each end for the smaller variant, cut off for the larger one


@dataclass(frozen=True)
class Stability:
    """How far an outline keeps its place.

    Attributes:
        agreement: mean Dice of each pair of the masks of the image and its variants, 0..1; two empty ones agree: 1.
        confidence: mean probability of the outlined pixels, 0..1; where none is outlined 1 - the largest probability.
    """

    agreement: float
    confidence: float


def make_variants(image):
    """The mirror of an image, and the image at two other scales.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        three images, (h, w, 3) uint8: the mirror; one with a black margin of `MARGIN` of height and width all around,
        so that its tissue is 10 / 11 as large for the network; one without that margin, its tissue 10 / 9 as large.
    """
    height, width = image.shape[:2]
    rows, columns = _margin(height), _margin(width)
    smaller = cv2.copyMakeBorder(image, rows, rows, columns, columns, cv2.BORDER_CONSTANT)
    return [image[:, ::-1], smaller, image[rows : height - rows, columns : width - columns]]


def map_back(plain, answers):
    """Bring the network's answers to the variants back to the grid of the image.

    Args:
        plain: (S, S) float32 0..1, the answer to the image itself.
        answers: (3, S, S) float32 0..1, those to `make_variants`.

    Returns:
        (4, S, S) float32 0..1, the plain one first. What the larger variant does not show is as in the plain one.
    """
    mirrored, smaller, larger = answers
    size = len(plain)
    end = size * MARGIN / (1 + 2 * MARGIN)
    grown = Image.fromarray(smaller).resize((size, size), Image.Resampling.BILINEAR, (end, end, size - end, size - end))
    start, stop = _margin(size), size - _margin(size)
    shrunk = plain.copy()
    shrunk[start:stop, start:stop] = cv2.resize(larger, (stop - start,) * 2, interpolation=cv2.INTER_AREA)
    return np.stack([plain, mirrored[:, ::-1], np.asarray(grown), shrunk])


def measure_stability(prediction, answers, to_mask):
    """Measure how far the answers agree.

    Args:
        prediction: `Prediction` of the image at its own size.
        answers: (3, S, S) float32 0..1, the network's answers to its variants.
        to_mask: function from a probability (S, S) to its mask (S, S) in {0, 1}, `Predictor.to_mask`.

    Returns:
        `Stability`.
    """
    plain = resize_probability(prediction.probability, *answers.shape[1:])
    masks = [to_mask(probability) for probability in map_back(plain, answers)]
    outlined = prediction.probability[prediction.mask > 0]
    return Stability(
        agreement=float(np.mean([_overlap(*pair) for pair in combinations(masks, 2)])),
        confidence=float(outlined.mean() if outlined.size else 1 - prediction.probability.max()),
    )


def _overlap(mask, other):
    """Dice of two masks, 1 of two empty ones."""
    both = np.count_nonzero(mask) + np.count_nonzero(other)
    return 2 * np.count_nonzero(np.logical_and(mask, other)) / both if both else 1.0


def _margin(side):
    return round(side * MARGIN)
