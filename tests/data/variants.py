"""What people do to a frame before it lands in a data set a second time."""

import cv2
import numpy as np


def crop(image):
    """Rows 40..-30 and columns 60..-20."""
    return np.ascontiguousarray(image[40:-30, 60:-20])


def enlarge(image):
    return cv2.resize(image, None, fx=1.4, fy=1.4, interpolation=cv2.INTER_CUBIC)


def shrink(image):
    return cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)


def draw_calipers(image):
    """Two "+" with 17-pixel arms, 3 pixels thick, of the grey that scanners use."""
    image = image.copy()
    for x, y in ((100, 120), (180, 140)):
        image[y - 8 : y + 9, x - 1 : x + 2] = 227
        image[y - 1 : y + 2, x - 8 : x + 9] = 227
    return image


def draw_text(image):
    image = image.copy()
    cv2.putText(image, "RT UIQ", (40, 250), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (227, 227, 227), 2)
    return image


def add_noise(image):
    noise = np.random.default_rng(0).normal(0, 8, image.shape[:2])[..., None]
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def change_gain(image):
    return np.clip(0.7 * image.astype(np.float32) + 30, 0, 255).astype(np.uint8)


VARIANTS = (crop, enlarge, shrink, draw_calipers, draw_text, add_noise, change_gain)
