"""JPEG Lossless and JPEG-LS by FFmpeg, as a decoding plugin of pydicom.

pydicom's own plugins for them end the whole process at a damaged header (GDCM 3.2.6) or take minutes and gigabytes
for a cut-off frame (pyjpegls 1.5.1); a server that opens what strangers send cannot have that.
"""

import av
from pydicom.pixels import get_decoder
from pydicom.uid import JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless

from keras_hanet.data.preprocessing import MAX_PIXELS

PLUGIN = "ffmpeg"
DECODER_DEPENDENCIES = dict.fromkeys((JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless), ("av",))


def is_available(uid):
    """Whether a transfer syntax is decoded here; pydicom asks."""
    return uid in DECODER_DEPENDENCIES


def decode_frame(source, runner):
    """Decode one frame.

    Args:
        source: bytes, the codestream.
        runner: pydicom's `DecodeRunner`; it is told how the result is laid out.

    Returns:
        bytes, row by row, the samples of a pixel side by side.

    Raises:
        av.FFmpegError: if it is damaged, or of a kind that FFmpeg does not decode: JPEG Lossless of more than 8 bits,
            JPEG-LS that interleaves colours by sample.
        ValueError: if it holds no picture, or one of another kind.
    """
    context = av.CodecContext.create("mjpeg", "r")
    # Left to itself FFmpeg conceals damage by grey. A second header inside may claim another size than the first.
    context.options = {"err_detect": "explode", "max_pixels": str(2 * MAX_PIXELS)}
    frames = context.decode(av.Packet(source)) + context.decode(None)
    if len(frames) != 1:
        raise ValueError(f"A codestream has one picture. Received: {len(frames)}")
    array = _to_array(frames[0])
    runner.set_option("bits_allocated", 8 * array.itemsize)
    if array.ndim == 3:
        runner.set_option("planar_configuration", 0)
    return array.tobytes()


def _to_array(frame):
    array = frame.to_ndarray()
    if frame.format.name == "bgr24":
        return array[..., ::-1]
    if frame.format.name in ("gray", "rgb24", "gray16le"):
        return array.astype(array.dtype.newbyteorder("<"), copy=False)
    raise ValueError(f"A lossless frame is grey or RGB. Received: {frame.format.name}")


for _syntax in DECODER_DEPENDENCIES:
    get_decoder(_syntax).add_plugin(PLUGIN, (__name__, "decode_frame"))
