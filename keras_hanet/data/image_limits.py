"""What an image file may ask of a computer before it is decoded: its bytes, and how often they are gone through.

A picture's size says too little: a JPEG of 100 KB may have thousands of scans, each of which goes over all pixels, and
a TIFF file of 12 MB three million strips of one row. Both took half a minute and more.
"""

import struct

MAX_BYTES = 200 * 2**20  # 50 megapixels of RGBA, not packed
MAX_SCANS = 40  # of a JPEG: a progressive one has about ten
MAX_TAG_VALUES = 100_000  # of a TIFF tag: one strip a row
_START_OF_SCAN = b"\xff\xda"
_WHOLE_AS_BYTES = (1, 2, 7)  # BYTE, ASCII, UNDEFINED: read at once, as an ICC profile is
_TIFF_ENTRY_BYTES = 12
_EXIF_TAGS = (34665, 34853, 40965)  # folders of further tags, which Pillow reads too


def find_excess(content):
    """Why a file is not worth decoding.

    Args:
        content: bytes of an encoded image.

    Returns:
        the end of a sentence that begins with "expected"; None for a file that keeps to the limits, or is no image.
    """
    if len(content) > MAX_BYTES:
        return f"at most {MAX_BYTES:,} bytes, got {len(content):,}; crop it to the scan or save it as PNG"
    if content.startswith(b"\xff\xd8") and content.count(_START_OF_SCAN) > MAX_SCANS:
        return f"a JPEG of at most {MAX_SCANS} scans, got {content.count(_START_OF_SCAN):,}; save it as PNG"
    if content.startswith((b"II", b"MM")):
        return _find_tiff_excess(content)
    return None


def _find_tiff_excess(content):
    order = "<" if content.startswith(b"II") else ">"
    if struct.unpack_from(f"{order}H", content.ljust(4), 2)[0] != 42:
        return "a PNG, JPEG, BMP or classic TIFF image, got another kind; save it as PNG"
    folders, seen = [4], set()
    while folders:
        start = _read(f"{order}I", content, folders.pop())
        if start in seen:
            continue
        seen.add(start)
        num_tags = _read(f"{order}H", content, start)
        for place in range(start + 2, min(start + 2 + _TIFF_ENTRY_BYTES * num_tags, len(content)), _TIFF_ENTRY_BYTES):
            tag, kind = (_read(f"{order}H", content, place + at) for at in (0, 2))
            num_values = _read(f"{order}I", content, place + 4)
            if kind not in _WHOLE_AS_BYTES and num_values > MAX_TAG_VALUES:
                return f"a TIFF of at most {MAX_TAG_VALUES:,} values a tag, got {num_values:,}; save it as PNG"
            if tag in _EXIF_TAGS:
                folders.append(place + 8)
    return None


def _read(code, content, place):
    """A number; 0 behind the end, where Pillow reads none either."""
    fits = place + struct.calcsize(code) <= len(content)
    return struct.unpack_from(code, content, place)[0] if fits else 0
