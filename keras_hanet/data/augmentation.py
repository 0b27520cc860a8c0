"""Random changes of an image and its mask, drawn together: one warp, one grey curve, blur, speckle."""

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np

from keras_hanet.errors import InputError

_GREY = np.arange(256, dtype=np.float32)
# A grey becomes at most this many times as bright: black stays black, as a scan's surround at every gain.
LARGEST_FACTOR = 4
_PROBABILITIES = ("flip", "blur", "speckle")
_SHARES = ("shift", "brightness", "contrast")


@dataclass(frozen=True)
class Augmentation:
    """How strongly training images are changed; a strength of 0 leaves that change out.

    Every value is drawn anew for each image, uniformly unless said otherwise. The defaults keep an image
    one that a breast scanner could have shown. There is no vertical flip: it would put the shadow above
    the lesion.

    Attributes:
        flip: probability of a left-right flip, 0..1.
        rotation_degrees: largest rotation either way, in degrees.
        scale: the zoom lies between 1 / (1 + scale) and 1 + scale, drawn on a logarithmic axis.
        shift: largest shift along each axis, as a share of the image's side, 0..1.
        brightness: largest offset of the grey values, as a share of the full range, 0..1.
        contrast: the slope about mid grey lies between 1 - contrast and 1 + contrast, 0..1.
        gamma: the exponent lies between 1 / (1 + gamma) and 1 + gamma, drawn on a logarithmic axis.
        blur: probability of a Gaussian blur, 0..1.
        blur_sigma_px: largest standard deviation of that blur, in pixels of the S x S image.
        speckle: probability of multiplicative noise, 0..1.
        speckle_sigma: largest standard deviation of that noise, as a share of the pixel's own value.
    """

    flip: float = 0.5
    rotation_degrees: float = 15.0
    scale: float = 0.2
    shift: float = 0.1
    brightness: float = 0.1
    contrast: float = 0.2
    gamma: float = 0.25
    blur: float = 0.2
    blur_sigma_px: float = 1.0
    speckle: float = 0.3
    speckle_sigma: float = 0.15

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            largest = 1.0 if field.name in _PROBABILITIES + _SHARES else math.inf
            if not (0.0 <= value <= largest and math.isfinite(value)):
                wanted = "between 0 and 1" if largest == 1.0 else "0 or larger"
                raise InputError(
                    f"augmentation's {field.name} must be {wanted}, got {value}; 0 leaves it out"
                )


def augment(image, mask, rng, augmentation):
    """Change an image and its mask in the same way.

    One affine warp (flip, rotation, zoom, shift) moves both: the image bilinearly, the mask by nearest.
    What comes in from outside is black and no lesion, as beyond the edge of a scan; reflection would show
    a second, mirrored lesion. Brightness, contrast and gamma are one table of 256 values; blur and speckle
    follow. Speckle is the same in the three channels, so grey stays grey. Black stays black throughout.

    Args:
        image: (S, S, 3) uint8, 0..255. Not modified.
        mask: (S, S) uint8 in {0, 1}. Not modified.
        rng: numpy Generator; the same state gives the same result.
        augmentation: the strengths, an `Augmentation`.

    Returns:
        image (S, S, 3) uint8 and mask (S, S) uint8 in {0, 1}.

    Raises:
        ValueError: if the shapes or types differ from these.
    """
    size = mask.shape[0]
    if image.shape != (size, size, 3) or mask.shape != (size, size):
        raise ValueError(
            f"`image` must be (S, S, 3) and `mask` (S, S). Received: image.shape={image.shape}, "
            f"mask.shape={mask.shape}"
        )
    if image.dtype != np.uint8 or mask.dtype != np.uint8:
        raise ValueError(
            f"`image` and `mask` must be uint8. Received: image.dtype={image.dtype}, mask.dtype={mask.dtype}"
        )
    matrix = _draw_warp(rng, augmentation, size)
    curve = _draw_grey_curve(rng, augmentation)
    image = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=0)
    mask = cv2.warpAffine(mask, matrix, (size, size), flags=cv2.INTER_NEAREST, borderValue=0)
    image = cv2.LUT(image, curve)
    image = _blur(image, rng, augmentation)
    return _add_speckle(image, rng, augmentation), mask


def _draw_warp(rng, augmentation, size):
    """The (2, 3) matrix from input to output: flip, rotation and zoom about the middle, then shift."""
    mirror = -1.0 if rng.random() < augmentation.flip else 1.0
    angle = math.radians(rng.uniform(-1, 1) * augmentation.rotation_degrees)
    zoom = (1 + augmentation.scale) ** rng.uniform(-1, 1)
    shift = rng.uniform(-1, 1, 2) * augmentation.shift * size
    turn = zoom * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag([mirror, 1.0])
    middle = np.full(2, (size - 1) / 2)
    return np.column_stack([linear, middle + shift - linear @ middle])


def _draw_grey_curve(rng, augmentation):
    """The (256,) uint8 table that does gamma, contrast about mid grey and brightness at once."""
    exponent = (1 + augmentation.gamma) ** rng.uniform(-1, 1)
    slope = 1 + rng.uniform(-1, 1) * augmentation.contrast
    offset = rng.uniform(-1, 1) * augmentation.brightness * 255
    curve = 255 * (_GREY / 255) ** exponent
    curve = (curve - 127.5) * slope + 127.5 + offset
    curve = np.minimum(curve, LARGEST_FACTOR * _GREY)
    return np.clip(np.rint(curve), 0, 255).astype(np.uint8)


def _blur(image, rng, augmentation):
    sigma = rng.random() * augmentation.blur_sigma_px
    if rng.random() >= augmentation.blur or sigma == 0:
        return image
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _add_speckle(image, rng, augmentation):
    sigma = rng.random() * augmentation.speckle_sigma
    if rng.random() >= augmentation.speckle or sigma == 0:
        return image
    factor = 1 + np.float32(sigma) * rng.standard_normal(image.shape[:2], dtype=np.float32)
    return cv2.multiply(image, cv2.merge([factor] * 3), dtype=cv2.CV_8U)
