"""Pictures -> an MP4 film that browsers and players open, whole or not there."""

from contextlib import contextmanager
from fractions import Fraction

import av
import cv2
import numpy as np

from keras_hanet.files import replacing

FRAME_RATE = 30  # frames a second, where no times are known
_TICKS_PER_S = 60_000  # a multiple of common rates, and MPEG-4 part 2 counts to 65,535
# PyAV's wheels have libx264; an FFmpeg built without GPL parts has MPEG-4 part 2 only, which browsers do not play.
_ENCODERS = {"libx264": {"preset": "ultrafast", "crf": "20"}, "mpeg4": {"qmin": "2", "qmax": "4"}}


class FilmWriter:
    """A film that grows picture by picture; made by `writing_film`."""

    def __init__(self, container):
        self._container, self._stream, self._shape = container, None, None
        self._tick, self._step = None, _TICKS_PER_S // FRAME_RATE

    def write(self, picture, time_s=None):
        """Add a picture.

        Args:
            picture: (H, W, 3) uint8 RGB, all of one size; an odd height or width gets one more row or column, the
                last one again, because players expect even ones.
            time_s: when it is shown, in seconds, later than the one before; None for as long after it as that one
                was after its own, 1 / `FRAME_RATE` at first.
        """
        height, width, _ = picture.shape
        if self._stream is None:
            self._shape = picture.shape
            self._stream = self._add_stream(height + height % 2, width + width % 2)
        if picture.shape != self._shape:
            raise ValueError(f"Pictures of a film have one shape, {self._shape}. Received: {picture.shape}")
        if height % 2 or width % 2:
            picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)  # twice as fast as FFmpeg's own
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._next_tick(time_s), Fraction(1, _TICKS_PER_S)
        self._mux(self._stream.encode(frame))

    def finish(self):
        """Write what the encoder still holds."""
        if self._stream is not None:
            self._mux(self._stream.encode(None))

    def _mux(self, packets):
        for packet in packets:
            packet.duration = packet.duration or self._step  # the last one's, which no next one ends
            self._container.mux(packet)

    def _next_tick(self, time_s):
        if self._tick is None:
            self._tick = round(_TICKS_PER_S * (time_s or 0))
        else:
            if time_s is not None:
                self._step = max(1, round(_TICKS_PER_S * time_s) - self._tick)
            self._tick += self._step
        return self._tick

    def _add_stream(self, height, width):
        name = find_encoder()
        stream = self._container.add_stream(name, rate=FRAME_RATE, options=dict(_ENCODERS[name]))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        return stream


@contextmanager
def writing_film(path):
    """Write an MP4 film; it appears under its name when the block ends without an error.

    Args:
        path: of the film.

    Yields:
        `FilmWriter`. One that gets no picture leaves a file that is no film.
    """
    # FFmpeg gets a file that Python opened: it would take "a:b.mp4" for a protocol.
    with replacing(path) as temporary, open(temporary, "wb") as file, av.open(file, "w", format="mp4") as container:
        writer = FilmWriter(container)
        yield writer
        writer.finish()


def find_encoder():
    """The best encoder that this FFmpeg has: "libx264" (H.264), else "mpeg4"."""
    return next(name for name in _ENCODERS if _has_encoder(name))


def _has_encoder(name):
    try:
        av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True
