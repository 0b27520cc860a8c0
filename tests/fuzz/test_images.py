"""Images of a stranger: a picture or one sentence, in seconds and within a gigabyte, whatever the bytes are."""

import io
import struct
import zlib

import numpy as np
import pytest
from fuzz.bounded import MAX_BYTES, read_bounded
from fuzz.hostile_images import bmp, encode, jpeg, jpeg_segment, png, png_chunk, tiff, tiff_of_strips
from fuzz.hostile_values import flipped
from fuzz.profile import examples
from fuzz.readers import READERS, try_reader
from fuzz.seeds import image_seeds
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from keras_hanet.data.image_limits import MAX_PIXELS

SEEDS = image_seeds()
EDGES = (0, 1, 2, 7, 8, 9, 127, 255, 256, 4096, 65535, 2**31 - 1, 2**31, 2**32 - 1)
sizes = st.sampled_from(EDGES) | st.integers(0, 2**32 - 1)
shorts = st.sampled_from([size for size in EDGES if size < 2**16]) | st.integers(0, 2**16 - 1)
bodies = st.binary(max_size=60) | st.builds(lambda content: b"a\0\0" + zlib.compress(content), st.binary(max_size=60))

png_kinds = st.sampled_from((b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL"))
chunks = st.lists(st.builds(png_chunk, png_kinds | st.binary(min_size=4, max_size=4), bodies), max_size=4)
pngs = st.builds(
    png,
    *(sizes, sizes, st.sampled_from((1, 2, 4, 8, 16, 0, 3)), st.sampled_from((0, 2, 3, 4, 6, 1, 255))),
    data=st.none() | bodies | st.binary(max_size=200).map(zlib.compress),
    before=chunks.map(b"".join),
    interlace=st.integers(0, 2),
)
segments = st.lists(st.builds(jpeg_segment, st.integers(0xC0, 0xFE), bodies), max_size=4)
jpegs = st.builds(jpeg, st.integers(0, 300), st.integers(0, 300), st.integers(0, 60), segments.map(b"".join))
tag_numbers = st.integers(254, 345) | st.sampled_from((33432, 34665, 34675, 34853, 40965)) | st.integers(0, 2**16 - 1)
tags = st.tuples(tag_numbers, st.integers(0, 20), sizes, st.binary(max_size=40))
tiffs = st.builds(tiff, st.lists(tags, max_size=5), shorts, shorts, st.sampled_from((0, 8, 9, 186, 2**32 - 1)))
signed = st.integers(-(2**31), 2**31 - 1) | st.sampled_from((0, 1, -1, 4, -4, 60000))
bmps = st.builds(bmp, signed, signed, st.sampled_from((1, 2, 4, 8, 16, 24, 32, 0, 5)), st.integers(0, 6), bodies)
damaged = st.sampled_from(SEEDS).flatmap(flipped)


@pytest.mark.parametrize("reader", ["decode_image", "decode_mask"])
@examples(500)
@given(content=st.one_of(damaged, pngs, jpegs, tiffs, bmps, st.binary(max_size=200)))
def test_any_image_is_a_picture_or_one_sentence(reader, content):
    found = try_reader(READERS[reader], content)
    if found is not None:
        assert found.dtype == np.uint8
        assert 0 < found.shape[0] * found.shape[1] <= MAX_PIXELS
        assert found.shape[2:] == ((3,) if reader == "decode_image" else ())


def packed(num_bytes):
    """So many zeros, a multiple of a million, in zlib's format: one packed million again and again, and a checksum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    million = packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", num_bytes % 65521, 1)  # Adler-32 of zeros
    return b"\x78\xda" + million * (num_bytes // 10**6) + b"\3\0" + checksum


def tile(side):
    """A picture of 4 x 4 pixels in one packed tile of so many on each side."""
    data = packed(side * side)
    numbers = {259: 8, 322: side, 323: side, 324: 400, 325: len(data)}
    entries = [(tag, 4, 1, struct.pack("<I", value)) for tag, value in numbers.items()]
    return tiff(entries).ljust(400, b"\0") + data


def resolutions(num):
    return tiff([(282, 5, num, struct.pack("<II", 72, 1) * num)])


# What was small as a file and took a gigabyte or half a minute, or might have; what its sentence says of it.
BOMBS = {
    "60,000 x 60,000 of 1 bit": (lambda: png(60000, 60000, 1), "more than 50,000,000 pixels"),
    "100 megapixels": (lambda: png(10_000, 10_001), "expected at most 50,000,000 pixels"),
    "JPEG of 65,535 x 65,535": (lambda: jpeg(16, 16).replace(b"\x08\0\x10\0\x10", b"\x08\xff\xff\xff\xff"), "pixels"),
    "BMP of 2 gigapixels": (lambda: bmp(46341, 46341), "pixels"),
    "TIFF of 65,535 x 65,535": (lambda: tiff((), 65535, 65535 // 4), "pixels"),
    "packed text": (lambda: png(before=png_chunk(b"zTXt", b"a\0\0" + packed(10**8))), "damaged file"),
    "packed international text": (lambda: png(before=png_chunk(b"iTXt", b"a\0\1\0\0\0" + packed(10**8))), "damaged"),
    "packed profile": (lambda: png(before=png_chunk(b"iCCP", b"a\0\0" + packed(10**8))), "damaged file"),
    "a million chunks": (lambda: png(before=png_chunk(b"aaAa", b"") * 10**6), "at most 50,000 chunks"),
    "pixels that never end": (lambda: png(4, 4, data=packed(10**9)), None),
    "thousands of scans": (lambda: jpeg(4000, 4000, 5000), "at most 40 scans"),
    "a million segments": (lambda: jpeg(extra=jpeg_segment(0xFE, b"") * 10**6), "at most 10,000 segments"),
    "ten megabytes between segments": (lambda: jpeg(extra=b"\xff" * 10**7), "at most 10,000 segments"),
    "three million strips": (lambda: tiff_of_strips(3 * 10**6), "at most 40,000 values a tag"),
    "two million resolutions": (lambda: resolutions(2 * 10**6), "at most 40,000 values a tag"),
    "a tile of 900 megapixels": (lambda: tile(30_000), "tiles of at most 50,000,000 pixels"),
    "runs of a BMP": (lambda: bmp(7000, 7000, packing=1, data=b"\1\x10\0\0" * 7000), "without run-length packing"),
    "most strips": (lambda: tiff_of_strips(40_000), None),
    "most scans": (lambda: jpeg(7000, 7000, 39), None),
    "GIF called PNG": (lambda: encode("P", format="GIF"), "expected a PNG, JPEG, BMP or TIFF image"),
}


def test_small_files_that_ask_for_much_take_seconds_and_less_than_a_gigabyte():
    outcomes = read_bounded({name: ("decode_image", make()) for name, (make, _) in BOMBS.items()})
    for name, (_, sentence) in BOMBS.items():
        outcome = outcomes[name]
        assert outcome.what in ("result", "refused"), (name, outcome)
        assert sentence is None or sentence in outcome.message, (name, outcome)
        assert outcome.num_bytes < MAX_BYTES, (name, outcome)


@pytest.mark.slow
def test_largest_images_that_are_let_through_take_seconds_and_less_than_a_gigabyte():
    rows = np.random.default_rng(0).integers(0, 256, (7000, 7000), dtype=np.uint8)
    raw = zlib.compress(bytes(7000 * (1 + 4 * 7000)), 1)
    noise = io.BytesIO()
    Image.fromarray(np.stack([rows, rows.T, rows[::-1]], -1)).save(noise, "JPEG", progressive=True, quality=90)
    largest = {"transparent PNG": png(7000, 7000, 8, 6, raw), "noise as progressive JPEG": noise.getvalue()}
    outcomes = read_bounded({name: ("decode_image", content) for name, content in largest.items()})
    for name in largest:
        assert (outcomes[name].what, outcomes[name].num_bytes < MAX_BYTES) == ("result", True), (name, outcomes)
