"""The pictures of an MPEG-2, H.264 or HEVC stream in a DICOM file: PS3.5, 8.2.5 to 8.2.9."""

import io

import av
from pydicom.encaps import generate_fragments, parse_basic_offsets

from keras_hanet.data.preprocessing import MAX_PIXELS

# The stream is held in memory.
MAX_STREAM_BYTES = 256 * 2**20
# FFmpeg also opens playlists that name other files: only what holds a stream itself, and nothing besides it.
_OPTIONS = {
    "format_whitelist": "mpegts,mpeg,mpegvideo,mov,mp4,m4a,3gp,3g2,mj2,h264,hevc",
    "protocol_whitelist": "none",
    "max_pixels": str(2 * MAX_PIXELS),
}


def read_mpeg(file, rows, columns):
    """Decode a stream picture by picture.

    Args:
        file: binary file positioned at the value of Pixel Data.
        rows, columns: size of a picture as the header says.

    Yields:
        (rows, columns, 3) uint8 RGB.

    Raises:
        ValueError: if there is no stream, or its pictures have another size.
        av.FFmpegError: if it is damaged.
    """
    parse_basic_offsets(file)
    stream = io.BytesIO(b"".join(generate_fragments(file)))
    with av.open(stream, options=dict(_OPTIONS)) as container:
        video = container.streams.best("video")
        if video is None or (video.height, video.width) != (rows, columns):
            raise ValueError("The stream must hold pictures of the size that the header says")
        # A decoder that meets damage says so instead of painting over it.
        video.codec_context.options = {"max_pixels": _OPTIONS["max_pixels"], "err_detect": "explode"}
        for picture in container.decode(video):
            if (picture.height, picture.width) != (rows, columns):
                raise ValueError("All pictures of a stream must have one size")
            yield picture.to_ndarray(format="rgb24")
