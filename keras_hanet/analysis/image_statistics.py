"""What an image looks like in thirteen numbers, and how far it lies from the images a model was trained on.

No network: greys, how fine and in which direction the speckle is grained, where it is bright. An image that differs
from all training images in these may be no B-mode scan, a scan turned round, or one of a scanner never seen; no score
of the model says anything of it. The distance is that of Mahalanobis, to the nearest of the training data sets.
"""

from dataclasses import dataclass

import cv2
import numpy as np

STATISTICS = (
    *("grey_5", "grey_25", "grey_50", "grey_75", "grey_95", "log_grain"),
    *("across_1", "across_2", "along_1", "along_2", "top_minus_bottom", "middle_minus_ends", "log_aspect"),
)
_GRID = 256
_SIGMA_PX = 3  # of the blur that parts the grain from the picture, in pixels of the grid
_RIDGE = 1e-6  # keeps the covariance of images that agree in a number invertible


@dataclass(frozen=True)
class Distribution:
    """The training images of one data set.

    Attributes:
        mean: (13,) float64.
        precision: (13, 13) float64, the inverse of the covariance.
    """

    mean: np.ndarray
    precision: np.ndarray


def image_statistics(image):
    """Describe an image.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        (13,) float64 in the order of STATISTICS, of the green channel on a grid of 256 x 256 pixels: the 5th to 95th
        percentile of grey (0..255); the logarithm of the standard deviation of the grain, what a Gaussian of 3 pixels
        takes away; the grain's correlation with itself one and two pixels across and along the beam (-1..1); the mean
        grey of the top third minus that of the bottom third, and of the middle third minus their mean; the logarithm
        of width over height.
    """
    green = np.ascontiguousarray(image[..., 1])
    small = cv2.resize(green, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
    grain = small - cv2.GaussianBlur(small, (0, 0), _SIGMA_PX)
    power = float(np.square(grain).mean()) + 1  # one grey level: rounding is no grain
    across = [float((grain[:, lag:] * grain[:, :-lag]).mean()) / power for lag in (1, 2)]
    along = [float((grain[lag:] * grain[:-lag]).mean()) / power for lag in (1, 2)]
    top, middle, bottom = (float(third.mean()) for third in np.array_split(small, 3))
    shape = (top - bottom, middle - (top + bottom) / 2, np.log(image.shape[1] / image.shape[0]))
    return np.array([*np.percentile(small, (5, 25, 50, 75, 95)), 0.5 * np.log(power), *across, *along, *shape])


def fit_distribution(statistics):
    """Fit a `Distribution` to (N, 13) statistics of N images, N well above 13."""
    statistics = np.asarray(statistics, dtype=np.float64)
    covariance = np.cov(statistics, rowvar=False) + _RIDGE * np.eye(statistics.shape[1])
    return Distribution(statistics.mean(axis=0), np.linalg.inv(covariance))


def distance(statistics, distributions):
    """Mahalanobis distance to the nearest of some distributions.

    Args:
        statistics: (13,) float64, of one image.
        distributions: sequence of `Distribution`, one or more.

    Returns:
        float, 0 or more; sqrt(13), about 3.6, is that of an ordinary image.
    """
    offsets = [(statistics - d.mean, d.precision) for d in distributions]
    return float(np.sqrt(min(offset @ precision @ offset for offset, precision in offsets)))
