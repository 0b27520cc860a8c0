"""Video files -> frames, one by one, with the time each is shown; nothing but the file itself is ever opened.

FFmpeg, which decodes here, can also read playlists that name other files or addresses. Only the containers MP4,
MOV, AVI, MKV and WebM are let in, whatever a file is called, and no protocol is: the content comes from a file that
Python opened.
"""

import io
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np

from keras_hanet.data.preprocessing import MAX_PIXELS
from keras_hanet.errors import InputError
from keras_hanet.frame import Frame

_CONTAINERS = "MP4, MOV, AVI, MKV or WebM"
# FFmpeg's names of these. The limits hold while a file is looked at, too.
_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm",
    "protocol_whitelist": "none",
    "max_pixels": str(MAX_PIXELS),
}
# A decoder that meets damage says so instead of painting over it.
_DECODER_OPTIONS = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode"}


class VideoSource:
    """A film in a file.

    Attributes:
        name: what a person calls it.
        kind: "video".
        num_frames: what the file says it holds, which may be wrong; None where it does not say.
        frame_rate: frames a second on average, as the file says; None where it does not.
        height, width: of the frames, in pixels, upright.
        num_left_out: frames and packets that the last pass over `frames` left out because they were damaged.
    """

    kind = "video"

    def __init__(self, source, name):
        self._source, self.name = source, name
        self.num_left_out = 0
        with self._opened() as (_, stream):
            self.num_frames = stream.frames or None
            self.frame_rate = float(stream.average_rate) if stream.average_rate else None
        first = next(self.frames(), None)
        if first is None:
            raise InputError(
                f"{name}: expected a film with frames of at most {MAX_PIXELS:,} pixels, and no frame of it can be "
                "decoded; copy or export it again"
            )
        self.height, self.width = first.image.shape[:2]

    def frames(self):
        """Decode the film from its start; one frame is held at a time.

        A damaged part is left out, with what follows up to the next frame that was stored whole (a key frame):
        what lies between would be drawn over the damage. A file that is cut off ends early.

        Yields:
            `Frame`: 8-bit RGB, turned upright where the file says how it was held (mirroring it may also ask for is
            not done), named "clip.mp4#12", with the time it is shown, in seconds from the first.

        Raises:
            InputError: if the file cannot be opened, or the frames change their size.
        """
        self.num_left_out, number, start_s, shape = 0, 0, None, None
        with self._opened() as (container, stream):
            for picture in self._whole_pictures(container, stream):
                image = _to_image(picture)
                shape = shape or image.shape
                if image.shape != shape:
                    raise InputError(
                        f"{self.name}: expected frames of one size, got {shape[1]} x {shape[0]} and then "
                        f"{image.shape[1]} x {image.shape[0]} pixels; cut the film there and give the parts"
                    )
                start_s = picture.time if start_s is None else start_s
                time_s = None if picture.time is None else picture.time - start_s
                yield Frame(image, f"{self.name}#{number}", time_s=time_s)
                number += 1

    def _whole_pictures(self, container, stream):
        """The decoded pictures of a stream without those that damage reaches."""
        is_whole = True
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # cut off in the middle of a packet
                self.num_left_out += 1
                return
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                self.num_left_out += 1
                is_whole = False
                continue
            for picture in pictures:
                is_whole = not picture.is_corrupt and (is_whole or bool(picture.key_frame))
                if is_whole:
                    yield picture
                else:
                    self.num_left_out += 1

    @contextmanager
    def _opened(self):
        """The container and its video stream, closed at the end of the block."""
        with self._open_file() as file:
            try:
                container = av.open(file, options=dict(_OPTIONS))
            except (av.FFmpegError, OSError, ValueError) as error:
                raise InputError(
                    f"{self.name}: expected a film ({_CONTAINERS}), and it cannot be read as one; it may be cut "
                    "off or of another format; copy or export it again"
                ) from error
            with container:
                stream = container.streams.best("video")
                if stream is None or stream.codec_context is None:
                    raise InputError(f"{self.name}: expected a film, found no picture that can be decoded in it")
                stream.codec_context.options = dict(_DECODER_OPTIONS)
                yield container, stream

    def _open_file(self):
        if isinstance(self._source, bytes):
            return io.BytesIO(self._source)
        try:
            if not Path(self._source).is_file():  # a pipe or a device would wait for ever
                raise InputError(f"{self.name}: no such file; check the path")
            return open(self._source, "rb")
        except PermissionError:
            raise InputError(f"{self.name}: no permission to read it; change its rights or copy it") from None
        except OSError as error:  # also of a name that is too long
            raise InputError(f"{self.name}: expected a file that can be read ({error.strerror}); copy it") from None


def read_video(source, name=None):
    """Open a film.

    Args:
        source: path of an MP4, MOV, AVI, MKV or WebM file, or its bytes.
        name: what frames and error messages call it; the file's name if None.

    Returns:
        `VideoSource`; its first frame has been decoded once.

    Raises:
        InputError: if it is no such file, it has no picture that can be decoded, or its frames have more than
            50 megapixels.
    """
    if name is None:
        name = "the film" if isinstance(source, bytes) else Path(source).name
    return VideoSource(source, str(name))


def _to_image(picture):
    """(H, W, 3) uint8 RGB of a decoded picture, upright."""
    image = picture.to_ndarray(format="rgb24")
    quarter_turns = round(picture.rotation / 90) % 4  # FFmpeg counts them counterclockwise, as NumPy does
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
