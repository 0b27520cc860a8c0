"""Outlines that do not flicker: probabilities smoothed over time, and how much consecutive masks differ.

Same definition as `examples/edge/edge.py`: an exponential moving average whose constant is in seconds, so that it
does the same at every frame rate. New here: it starts anew where the picture changes as a whole.
"""

import math

import cv2
import numpy as np

from keras_hanet.metrics.overlap import confusion, dice

SMOOTHING_S = 0.1
# Mean change of a picture's brightness, seen 16 x 16 coarse, from which it is another scene; 0..255.
CUT_CHANGE = 12.0
_COARSE = 16
_SAMPLES = 128  # rows and columns that are looked at: enough for the averages


class Smoother:
    """Exponential moving average of probability maps over the time of a film.

    The average of frame i is s_i = s_(i-1) + (1 - exp(-(t_i - t_(i-1)) / seconds)) (p_i - s_(i-1)): after `seconds`
    it has gone 63 % of the way to a picture that has changed. It starts anew, s_i = p_i, with the first frame, at a
    scene cut, where time does not go on, and with a frame of no known time.

    Args:
        seconds: time constant; 0 leaves the maps as they are.
    """

    def __init__(self, seconds=SMOOTHING_S):
        if not 0 <= seconds < math.inf:
            raise ValueError(f"`seconds` must be 0 or more. Received: seconds={seconds}")
        self._seconds = seconds
        self._average = self._last_s = self._coarse = None

    def update(self, probability, image, time_s):
        """Smooth the next map.

        Args:
            probability: (S, S) float32, 0..1.
            image: (H, W, 3) uint8, what the map belongs to.
            time_s: when it is shown, in seconds; None if that is not known.

        Returns:
            (S, S) float32, 0..1.
        """
        if self._seconds == 0:
            return probability
        last_s, last_coarse, self._last_s, self._coarse = self._last_s, self._coarse, time_s, _coarsen(image)
        is_next = last_s is not None and time_s is not None and time_s > last_s
        if not is_next or float(np.abs(self._coarse - last_coarse).mean()) > CUT_CHANGE:
            self._average = probability
        else:
            share = np.float32(1 - math.exp(-(time_s - last_s) / self._seconds))
            self._average = self._average + share * (probability - self._average)
        return self._average


class Flicker:
    """Mean of 1 - Dice of each mask with the one before: 0 if nothing moves, 1 if no two of them touch.

    A lesion that moves adds to it as well; what tells is the value of the same film with and without smoothing. Two
    empty masks differ by 0, a mask and an empty one by 1.
    """

    def __init__(self):
        self._sum, self._num, self._last = 0.0, 0, None

    def update(self, mask):
        """Count the next mask, (H, W) uint8 in {0, 1}, of one size with those before."""
        if self._last is not None:
            overlap = dice(confusion(self._last, mask))
            self._sum += 0.0 if math.isnan(overlap) else 1 - overlap
            self._num += 1
        self._last = mask

    @property
    def value(self):
        """The mean so far; nan before the second mask."""
        return self._sum / self._num if self._num else math.nan


def _coarsen(image):
    """(16, 16) float32 brightness, by its green: speckle, which is new in every frame, averages out."""
    rows, columns = (max(1, side // _SAMPLES) for side in image.shape[:2])
    coarse = cv2.resize(image[::rows, ::columns, 1], (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    return coarse.astype(np.float32)
