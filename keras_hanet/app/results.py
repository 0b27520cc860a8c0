"""The results that can still be asked for: a few, for a while, in memory alone."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from keras_hanet.analysis.analysis import Analysis

MAX_RESULTS = 32
MAX_BYTES = 512 * 2**20
MAX_AGE_S = 30 * 60


@dataclass(frozen=True)
class Result:
    """What is kept of an answered request.

    Attributes:
        analysis: `Analysis` of the frame that was shown.
        dataset: pydicom Dataset without its pixels that a segmentation can be written for; None for what is no DICOM
            still.
        num_frames: how many frames the file holds.
        index: which of them was analysed, counted from 0.
    """

    analysis: Analysis
    dataset: object = None
    num_frames: int = 1
    index: int = 0

    @property
    def num_bytes(self):
        """Memory of its pictures; a grey image counts thrice, although its channels are the same bytes."""
        prediction = self.analysis.prediction
        return sum(array.nbytes for array in (self.analysis.frame.image, prediction.probability, prediction.mask))


class Results:
    """Results by unguessable names; the one longest unused makes room for a new one.

    The newest is always kept, also where it alone is larger than the bound. All methods may be called from any thread.

    Args:
        max_results: how many are kept.
        max_bytes: how large their pictures may be together.
        max_age_s: seconds after which a result is gone, from its making.
        clock: function that gives seconds.
    """

    def __init__(self, max_results=MAX_RESULTS, max_bytes=MAX_BYTES, max_age_s=MAX_AGE_S, clock=time.monotonic):
        self._limits = max_results, max_bytes, max_age_s
        self._clock = clock
        self._lock = threading.Lock()
        self._kept = OrderedDict()  # name -> (time of its making, Result), longest unused first

    def __len__(self):
        with self._lock:
            return len(self._kept)

    def forget_old(self):
        """Drop what is too old; the other methods do so too, but nobody may ask for hours."""
        with self._lock:
            self._forget()

    def add(self, result):
        """Keep a result: its name, 128 random bits."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[name] = self._clock(), result
            self._forget()
        return name

    def get(self, name):
        """The result of that name, None if it is not kept."""
        with self._lock:
            self._forget()
            if name not in self._kept:
                return None
            self._kept.move_to_end(name)
            return self._kept[name][1]

    def _forget(self):
        max_results, max_bytes, max_age_s = self._limits
        now = self._clock()
        for name in [name for name, (made, _) in self._kept.items() if now - made >= max_age_s]:
            del self._kept[name]
        size = sum(result.num_bytes for _, result in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > max_results or size > max_bytes):
            _, (_, result) = self._kept.popitem(last=False)
            size -= result.num_bytes
