"""Image files made piece by piece, so that a test can lie about any piece while the checksums stay right."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def encode(mode="L", size=(13, 9), **options):
    """Bytes of a small sound file, `format` and its options as Pillow takes them."""
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert("RGB").convert(mode).save(file, **{"format": "PNG", **options})
    return file.getvalue()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width=4, height=4, bits=8, colour=0, data=None, before=b"", interlace=0):
    """A PNG file.

    Args:
        width, height, bits, colour, interlace: what its header claims.
        data: of the IDAT chunk, packed; None for zeros that fit the claim, at most a million.
        before: whole chunks between the header and the pixels.
    """
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    if data is None:
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
        data = zlib.compress(bytes(min((1 + -(-width * bits * channels // 8)) * height, 10**6)))
    chunks = png_chunk(b"IHDR", header), before, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def animated_png(num_frames=2):
    pictures = [Image.new("L", (4, 4), 60 * number) for number in range(num_frames)]
    file = io.BytesIO()
    pictures[0].save(file, "PNG", save_all=True, append_images=pictures[1:])
    return file.getvalue()


def jpeg_segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(width=16, height=16, num_scans=1, extra=b""):
    """A grey progressive JPEG: a scan of the means, then `num_scans` scans that change nothing.

    Args:
        width, height: what its header claims; pixels follow for all of them.
        num_scans: each goes over the whole picture and takes a few bytes.
        extra: whole segments before the first scan.
    """
    blocks = -(-width // 8) * -(-height // 8)
    one_code = b"\1" + bytes(15)
    mean_scan = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + bytes(blocks // 8 + 2)
    # The code 0xE0 with 14 bits of zeros: a run of 16,384 blocks without a coefficient.
    empty_scan = jpeg_segment(0xDA, b"\1\1\0\1\x3f\0") + bytes(-(-blocks // 16384) * 15 // 8 + 2)
    return b"".join(
        [
            b"\xff\xd8",
            jpeg_segment(0xDB, b"\0" + b"\1" * 64),
            jpeg_segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
            jpeg_segment(0xC4, b"\0" + one_code + b"\0"),
            jpeg_segment(0xC4, b"\x10" + one_code + b"\xe0"),
            *(extra, mean_scan, empty_scan * num_scans, b"\xff\xd9"),
        ]
    )


def tiff(tags=(), width=4, height=4, next_folder=0):
    """A classic little-endian TIFF file of zeros.

    Args:
        tags: (tag, kind, number of values, bytes of the values), which replace those of a sound file.
        next_folder: where the file says that its next picture is; 0 for none.
    """
    entries = {tag: (4, 1, struct.pack("<I", value)) for tag, value in _sound_tags(width, height).items()}
    entries |= {tag: rest for tag, *rest in tags}
    start_of_data = 8 + 2 + 12 * len(entries) + 4
    folder, data = b"", b""
    for tag, (kind, count, raw) in sorted(entries.items()):
        place = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", start_of_data + len(data))
        folder += struct.pack("<HHI", tag, kind, count) + place
        data += raw if len(raw) > 4 else b""
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + folder + struct.pack("<I", next_folder) + data + bytes(64)


def tiff_of_strips(num_strips):
    """A 4 x 4 TIFF file that says that its rows lie in so many strips."""
    offsets, lengths = struct.pack("<I", 8) * num_strips, struct.pack("<I", 4) * num_strips
    return tiff([(273, 4, num_strips, offsets), (279, 4, num_strips, lengths), (278, 3, 1, struct.pack("<H", 1))])


def _sound_tags(width, height):
    """Width, height, bits, no packing, 0 is black, one strip at byte 8, one channel, rows and bytes of the strip."""
    return {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: width * height}


def bmp(width=4, height=4, bits=8, packing=0, data=bytes(64), colours=256):
    """A BMP file; packing 1 is RLE8, 2 RLE4, 3 bit fields."""
    palette = b"".join(bytes([value, value, value, 0]) for value in range(256))
    start = 14 + 40 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start)
    claims = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(data), 0, 0, colours, 0)
    return head + claims + palette + data
