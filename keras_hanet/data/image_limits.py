"""What an image file may ask of a computer before it is decoded: its bytes, and how often they are gone through.

A picture's size says too little. A JPEG of 100 KB may have thousands of scans, each of which goes over all pixels; a
TIFF file of 12 MB three million strips of one row; a TIFF file of 1 MB tiles of 900 megapixels for a picture of 16; a
PNG file a million chunks of nothing. Each of these took Pillow six seconds to half a minute, or 0.9 GB; longer files
take longer.
"""

import struct

MAX_PIXELS = 50_000_000
MAX_BYTES = 200 * 2**20  # 50 megapixels of RGBA, not packed
MAX_SCANS = 40  # of a JPEG: a progressive one has about ten
MAX_SEGMENTS = 10_000  # of a JPEG's header
MAX_STRAY_BYTES = 1000  # between them
MAX_CHUNKS = 50_000  # of a PNG: of 8 KB each in the largest image
MAX_TAG_VALUES = 40_000  # of a TIFF tag: one strip a row
_START_OF_SCAN = b"\xff\xda"
_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xD9), 0xFF}
_WHOLE_AS_BYTES = (1, 2, 7)  # BYTE, ASCII, UNDEFINED: read at once, as an ICC profile is
_TIFF_ENTRY_BYTES = 12
_EXIF_TAGS = (34665, 34853, 40965)  # folders of further tags, which Pillow reads too
_TILE_SIDES = (322, 323)


def find_excess(content):
    """Why a file is not worth decoding.

    Args:
        content: bytes of an encoded image.

    Returns:
        the end of a sentence that begins with "expected"; None for a file that keeps to the limits, or is no image.
    """
    if len(content) > MAX_BYTES:
        return f"at most {MAX_BYTES:,} bytes, got {len(content):,}; crop it to the scan or save it as PNG"
    for start, find in _FIND.items():
        if content.startswith(start):
            return find(content)
    return None


def _find_in_png(content):
    place, num_chunks = 8, 0
    while place < len(content):
        num_chunks += 1
        if num_chunks > MAX_CHUNKS:
            return f"a PNG of at most {MAX_CHUNKS:,} chunks, got more; save it again"
        place += 12 + _read(">I", content, place)
    return None


def _find_in_jpeg(content):
    num_scans = content.count(_START_OF_SCAN)
    if num_scans > MAX_SCANS:
        return f"a JPEG of at most {MAX_SCANS} scans, got {num_scans:,}; save it as PNG"
    place, num_segments, num_stray = 2, 0, 0
    while 0 <= place < len(content) - 1 and content[place : place + 2] != _START_OF_SCAN:
        if content[place] != 0xFF:
            marker = content.find(b"\xff", place)
            num_stray += marker - place
            place = marker
        elif content[place + 1] in _WITHOUT_LENGTH:
            num_stray += 1
            place += 1
        else:
            num_segments += 1
            place += 2 + max(_read(">H", content, place + 2), 2)
        if num_stray > MAX_STRAY_BYTES or num_segments > MAX_SEGMENTS:
            return f"a JPEG with a header of at most {MAX_SEGMENTS:,} segments and nothing between; save it again"
    return None


def _find_in_bmp(content):
    """Pillow unpacks runs in Python: half a minute for the largest image."""
    if _read("<I", content, 30) in (1, 2):
        return "a BMP without run-length packing, got a packed one; save it as PNG"
    return None


def _find_in_tiff(content):
    order = "<" if content.startswith(b"II") else ">"
    if _read(f"{order}H", content, 2) != 42:
        return "a PNG, JPEG, BMP or classic TIFF image, got another kind; save it as PNG"
    folders, seen = [4], set()
    while folders:
        start = _read(f"{order}I", content, folders.pop())
        if start in seen:
            continue
        seen.add(start)
        end = start + 2 + _TIFF_ENTRY_BYTES * _read(f"{order}H", content, start)
        tile_pixels = 1
        for place in range(start + 2, min(end, len(content)), _TIFF_ENTRY_BYTES):
            tag, kind = (_read(f"{order}H", content, place + at) for at in (0, 2))
            num_values = _read(f"{order}I", content, place + 4)
            if kind not in _WHOLE_AS_BYTES and num_values > MAX_TAG_VALUES:
                return f"a TIFF of at most {MAX_TAG_VALUES:,} values a tag, got {num_values:,}; save it as PNG"
            if tag in _TILE_SIDES:
                tile_pixels *= _read(f"{order}{'H' if kind == 3 else 'I'}", content, place + 8)
            if tag in _EXIF_TAGS:
                folders.append(place + 8)
        if tile_pixels > MAX_PIXELS:
            return f"a TIFF of tiles of at most {MAX_PIXELS:,} pixels, got {tile_pixels:,}; save it as PNG"
    return None


def _read(code, content, place):
    """A number; 0 behind the end, where Pillow reads none either."""
    fits = place + struct.calcsize(code) <= len(content)
    return struct.unpack_from(code, content, place)[0] if fits else 0


_FIND = {
    b"\x89PNG": _find_in_png,
    b"\xff\xd8": _find_in_jpeg,
    b"BM": _find_in_bmp,
    b"II": _find_in_tiff,
    b"MM": _find_in_tiff,
}
