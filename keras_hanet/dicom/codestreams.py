"""The size a coded frame says it has, read before a decoder is let at it.

A header may say 640 x 480 and the JPEG inside it 65,500 x 65,500: a decoder believes the JPEG and takes gigabytes.
"""

import struct
from typing import NamedTuple

_SOI, _SOS = b"\xff\xd8", 0xDA
# ITU-T T.81, table B.1: start of frame, without DHT (C4), JPG (C8) and DAC (CC); F7 is that of JPEG-LS (T.87).
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_J2K_SIZ = b"\xff\x4f\xff\x51"  # ISO/IEC 15444-1, A.5.1: it is the first marker segment
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "


class CodedSize(NamedTuple):
    """Rows, columns and samples per pixel of a coded frame."""

    rows: int
    columns: int
    samples: int


def read_coded_size(codestream):
    """Read the size of a JPEG, JPEG-LS or JPEG 2000 codestream.

    Args:
        codestream: bytes.

    Returns:
        `CodedSize`; None if there is no size where the standard has it.
    """
    try:
        if codestream.startswith(_SOI):
            return _read_jpeg(codestream)
        start = codestream.index(_J2K_SIZ) if codestream.startswith(_JP2_SIGNATURE) else 0
        return _read_jpeg_2000(codestream[start : start + 42])
    except (struct.error, ValueError, IndexError):
        return None


def _read_jpeg(codestream):
    position = 2
    while True:
        if codestream[position] != 0xFF:
            return None
        while codestream[position] == 0xFF:
            position += 1
        marker = codestream[position]
        position += 1
        if marker in _START_OF_FRAME:
            return CodedSize(*struct.unpack_from(">HHB", codestream, position + 3))
        if marker == _SOS:
            return None
        if marker not in _WITHOUT_LENGTH:
            position += struct.unpack_from(">H", codestream, position)[0]


def _read_jpeg_2000(codestream):
    if not codestream.startswith(_J2K_SIZ):
        return None
    right, bottom, left, top = struct.unpack_from(">4I", codestream, 8)
    return CodedSize(bottom - top, right - left, struct.unpack_from(">H", codestream, 40)[0])
