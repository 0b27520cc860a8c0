"""How fast a film is worked through: frames a second, the time of each step, and what a live source would lose."""

import time
from array import array
from collections import deque
from contextlib import contextmanager

LIVE_RATE = 30.0  # frames a second of a common scanner's video output


class Speed:
    """Clock of one pass over a film. Each step is timed by one thread only.

    Attributes:
        step_s: seconds each step took so far, {name: seconds}, waiting for another step left out.
        intervals_s: seconds from each finished frame to the next, the first from the start of the pass.
    """

    def __init__(self):
        self.step_s = {}
        self.intervals_s = array("d")
        self._last = None

    @contextmanager
    def step(self, name):
        """Add the time of the block to the step `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.step_s[name] = self.step_s.get(name, 0.0) + time.perf_counter() - start

    def start(self):
        """Start the clock of the pass."""
        self._last = time.perf_counter()

    def count(self):
        """Count a finished frame."""
        now = time.perf_counter()
        self.intervals_s.append(now - self._last)
        self._last = now

    @property
    def num_frames(self):
        return len(self.intervals_s)

    @property
    def frames_per_s(self):
        """Frames a second of the whole chain; 0 before the first frame."""
        return len(self.intervals_s) / sum(self.intervals_s) if self.intervals_s else 0.0

    def step_ms(self):
        """{name: milliseconds a frame}. Steps run beside each other, so the sum may exceed the time of a frame."""
        return {name: 1000 * seconds / max(1, self.num_frames) for name, seconds in self.step_s.items()}

    def describe(self, frame_rate=LIVE_RATE):
        """Whether the chain keeps up with a live source: "43.1 frames/s: keeps up with 30 frames/s"."""
        fast = f"{self.frames_per_s:.1f} frames/s"
        if self.frames_per_s >= frame_rate:
            return f"{fast}: keeps up with {frame_rate:g} frames/s"
        if not self.num_frames:
            return "no frame was finished"
        return f"{fast}: {frame_rate / self.frames_per_s:.3g} times too slow for {frame_rate:g} frames/s"


def count_dropped(intervals_s, frame_rate=LIVE_RATE, buffer=2):
    """How many frames of a live source would have been lost.

    One frame is worked on, up to `buffer` wait, and when one more comes, one of them is lost; the oldest in
    `examples/edge/edge.py`, but which one does not change their number. The frames that are worked on take the times
    of `intervals_s`, in order.

    Args:
        intervals_s: sequence of seconds that a frame takes, one for each frame that comes.
        frame_rate: frames a second of the source.
        buffer: frames that can wait, 1 or more.

    Returns:
        int, 0 if the chain keeps up.
    """
    waiting, times, free_s, num_dropped = deque(), iter(intervals_s), 0.0, 0
    for number in range(len(intervals_s)):
        now_s = number / frame_rate
        while waiting and free_s <= now_s:
            free_s = max(free_s, waiting.popleft()) + next(times)
        if len(waiting) == buffer:
            waiting.popleft()
            num_dropped += 1
        waiting.append(now_s)
    return num_dropped
