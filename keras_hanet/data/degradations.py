"""An image as a worse scan would show it: five levels of each of six changes, in decibels and pixels.

A B-mode image is log-compressed: grey 0..255 spans a dynamic range in decibels. The data sets do not
say which; we take 60 dB, so that 1 dB is 4.25 grey levels. Lengths are in pixels of a 256 x 256 grid,
scaled by the mean of the image's sides, as the tolerance of NSD is: an image is changed alike
whatever its size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from keras_hanet.data.augmentation import LARGEST_FACTOR

DYNAMIC_RANGE_DB = 60.0
_GREYS_PER_DB = 255 / DYNAMIC_RANGE_DB
_GRAIN_PX = 0.75  # standard deviation of the Gaussian that correlates the speckle noise
NUM_LEVELS = 5


@dataclass(frozen=True)
class Degradation:
    """A way in which images get worse.

    Attributes:
        apply: function (image, mask, strength, rng) -> (image, mask).
        strengths: the strength at each of the levels 0..4; level 0 leaves the image as it is.
        unit: what the strength is, for tables.
    """

    apply: Callable
    strengths: tuple[float, ...]
    unit: str


def degrade(image, mask, name, level, rng):
    """Change an image, and its mask where the change moves the tissue.

    Args:
        image: (H, W, 3) uint8 RGB, 0..255. Not modified.
        mask: (H, W) uint8 in {0, 1}. Not modified.
        name: a key of DEGRADATIONS.
        level: 0..4; 0 gives the image and the mask back as they are.
        rng: numpy Generator; the same state gives the same result, and the same noise at every level.

    Returns:
        image (H, W, 3) uint8 and mask (H, W) uint8 in {0, 1}, of the same size. Black stays black but
        where a blur reaches; noise, gain, contrast and grey map make no grey more than four times as
        bright, as in `augment`.

    Raises:
        ValueError: if the name or the level is not there.
    """
    if name not in DEGRADATIONS or level not in range(NUM_LEVELS):
        raise ValueError(
            f"`name` must be one of {', '.join(DEGRADATIONS)} and `level` in 0..{NUM_LEVELS - 1}. "
            f"Received: name={name!r}, level={level!r}"
        )
    degradation = DEGRADATIONS[name]
    return degradation.apply(image, mask, degradation.strengths[level], rng) if level else (image, mask)


def add_speckle(image, mask, noise_db, rng):
    """Add correlated Gaussian noise of a standard deviation in dB to the log-compressed image.

    Fully developed speckle has a Rayleigh amplitude, whose logarithm spreads by 5.6 dB; a scan already
    has speckle of its own, smoothed by the scanner.
    """
    noise = _noise(image.shape, (_GRAIN_PX, _GRAIN_PX), rng)
    return _to_grey(image + _GREYS_PER_DB * noise_db * noise, image), mask


def raise_gain(image, mask, gain_db, rng):
    """Receive gain: so many dB brighter, which is an offset in a log-compressed image; white saturates."""
    return _to_grey(image + _GREYS_PER_DB * gain_db, image), mask


def flatten_contrast(image, mask, slope, rng):
    """Keep `slope` of every grey's distance from the image's own mean."""
    mean = image.mean()
    return _to_grey(mean + slope * (image - mean), image), mask


def blur(image, mask, sigma_px, rng):
    """Gaussian blur with a standard deviation in pixels of the 256 grid."""
    return cv2.GaussianBlur(image, (0, 0), sigma_px * _scale(image)), mask


def scan_deeper(image, mask, depth_factor, rng):
    """Show the scan as under a depth setting `depth_factor` times as large.

    Image and mask shrink towards the middle of the upper edge, where the transducer is. What lies beside
    and below the old picture was never scanned: it is black, as beyond the edge of a scan. The greys of
    the tissue stay: there is no added attenuation.
    """
    height, width = mask.shape
    size = max(1, round(width / depth_factor)), max(1, round(height / depth_factor))
    left = (width - size[0]) // 2
    place = slice(0, size[1]), slice(left, left + size[0])
    deeper, deeper_mask = np.zeros_like(image), np.zeros_like(mask)
    deeper[place] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    deeper_mask[place] = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return deeper, deeper_mask


def render_on_second_device(image, mask, share, rng):
    """Imitate a simpler scanner: a wider beam, a coarser speckle grain and a smaller dynamic range.

    At share 1 the image is blurred with a standard deviation of 2 px across the beams and 1 px along
    them, gets speckle of 3 dB with the grain of that blur, and is shown over 40 dB in place of 60, with
    the gain set so that the mean grey stays. In between, each of the three is `share` of that. It is a
    re-rendering, no real device: geometry, time-gain curve and post-processing stay those of the first.
    """
    scale = _scale(image)
    lateral, axial = 2 * share, share
    blurred = cv2.GaussianBlur(image, (0, 0), lateral * scale, sigmaY=axial * scale).astype(np.float32)
    blurred += _GREYS_PER_DB * 3 * share * _noise(image.shape, (lateral, axial), rng)
    slope = DYNAMIC_RANGE_DB / (DYNAMIC_RANGE_DB - 20 * share)
    mean = image.mean()
    return _to_grey(mean + slope * (blurred - mean), image), mask


DEGRADATIONS = {
    "speckle": Degradation(add_speckle, (0.0, 1.0, 2.0, 4.0, 6.0), "dB of noise"),
    "gain": Degradation(raise_gain, (0.0, 4.0, 8.0, 12.0, 16.0), "dB brighter"),
    "contrast": Degradation(flatten_contrast, (1.0, 0.8, 0.6, 0.4, 0.2), "of the contrast"),
    "blur": Degradation(blur, (0.0, 0.5, 1.0, 2.0, 3.0), "px of blur"),
    "depth": Degradation(scan_deeper, (1.0, 1.25, 1.5, 1.75, 2.0), "times the depth"),
    "second device": Degradation(render_on_second_device, (0.0, 0.25, 0.5, 0.75, 1.0), "of the way"),
}


def _scale(image):
    """Pixels of the image for one pixel of a 256 x 256 grid."""
    return sum(image.shape[:2]) / 2 / 256


def _noise(shape, sigma_px, rng):
    """(H, W, 1) float32 of mean 0 and standard deviation 1, correlated by a Gaussian (lateral, axial)."""
    white = rng.standard_normal(shape[:2], dtype=np.float32)
    scale = sum(shape[:2]) / 2 / 256
    noise = cv2.GaussianBlur(white, (0, 0), sigma_px[0] * scale, sigmaY=sigma_px[1] * scale)
    return ((noise - noise.mean()) / noise.std())[..., None]


def _to_grey(values, image):
    """Round to uint8, no pixel more than LARGEST_FACTOR times as bright as it was."""
    bounded = np.minimum(values, LARGEST_FACTOR * image.astype(np.float32))
    return np.clip(np.rint(bounded), 0, 255).astype(np.uint8)
