"""Pictures for people: outlines drawn over an image."""

import cv2
import numpy as np

from keras_hanet.files import replacing

PREDICTED_COLOUR = (255, 150, 0)  # orange
REFERENCE_COLOUR = (0, 200, 80)  # green


def draw_overlay(image, mask_pred, mask_true=None):
    """Outline a predicted mask, and the reference if there is one, over an image.

    Args:
        image: (H, W, 3) uint8 RGB; not changed.
        mask_pred: (H, W) uint8 {0, 1}, outlined in orange.
        mask_true: (H, W) uint8 {0, 1}, outlined in green underneath; None for none.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    picture = np.ascontiguousarray(image).copy()
    thickness = max(1, round(min(image.shape[:2]) / 256))
    for mask, colour in ((mask_true, REFERENCE_COLOUR), (mask_pred, PREDICTED_COLOUR)):
        if mask is not None:
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, outlines, -1, colour, thickness)
    return picture


def encode_png(picture):
    """Encode an (H, W, 3) uint8 RGB or (H, W) uint8 picture as PNG: bytes."""
    in_order = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", in_order)[1].tobytes()


def write_picture(path, picture):
    """Write what `encode_png` encodes, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(encode_png(picture))
