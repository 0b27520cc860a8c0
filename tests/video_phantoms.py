"""A phantom cine: a lesion that moves and breathes in tissue, speckle fresh in every frame, masks known exactly."""

import math

import cv2
import numpy as np

from keras_hanet.data.phantom_drawing import Lesion, speckle_envelope
from keras_hanet.video.write import writing_film

FLOOR_DB, CEILING_DB = -36.0, 14.0


def cine_lesion(time_s, height, width):
    """The lesion of the cine: every 4 s it goes down and up with the breath, and from side to side a little."""
    breath = math.sin(2 * math.pi * time_s / 4)
    size = 1 + 0.05 * math.sin(2 * math.pi * time_s / 3)
    return Lesion(
        y=height * (0.45 + 0.05 * breath),
        x=width * (0.5 + 0.03 * breath),
        half_width=0.17 * width * size,
        half_height=0.16 * height * size,
        tilt=0.1,
        waves=((2, 0.03, 0.5), (3, 0.04, 1.0), (5, 0.03, 2.0)),
    )


def cine_frames(num, height, width, frame_rate=30.0, seed=0):
    """Draw a cine.

    Args:
        num: number of frames.
        height, width: in pixels.
        frame_rate: frames a second.
        seed: of the tissue and the speckle.

    Yields:
        image (H, W, 3) uint8 RGB, grey, and mask (H, W) uint8 {0, 1}.
    """
    rng = np.random.default_rng(seed)
    tissue = cv2.resize(rng.normal(0, 2.5, (24, 12)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    tissue -= np.where(np.arange(height) < 0.2 * height, 9, 5)[:, None]
    depth = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    unit = height / 300
    for number in range(num):
        lesion = cine_lesion(number / frame_rate, height, width)
        outside = lesion.distance(height, width)
        inside = 0.5 - 0.5 * np.tanh(outside / (2 * unit))
        echo_db = tissue + inside * (-24 - tissue) + 3 * np.exp(-(((outside - 2 * unit) / (2 * unit)) ** 2))
        echo_db = echo_db - 8 * depth
        power = speckle_envelope(10 ** (echo_db / 20), rng, 0.8 * unit, (0.9 * unit, 1.8 * unit)) ** 2
        grey = 255 * (10 * np.log10(power + 10**-4.6) - FLOOR_DB) / (CEILING_DB - FLOOR_DB)
        image = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
        yield np.repeat(image[..., None], 3, axis=2), lesion.mask(height, width)


def write_phantom_film(path, num, height=480, width=640, frame_rate=30.0, seed=0):
    """Write the cine as an MP4 film; H.264 changes its grey values a little."""
    with writing_film(path) as film:
        for number, (image, _) in enumerate(cine_frames(num, height, width, frame_rate, seed)):
            film.write(image, number / frame_rate)
    return path
