"""Images that are small as files and long work for a decoder are refused by a look at their bytes."""

import io
import struct

import numpy as np
import pytest
from fuzz.hostile_images import bmp, encode, jpeg, jpeg_segment, png, png_chunk, tiff, tiff_of_strips
from PIL import Image

from keras_hanet.data import image_limits
from keras_hanet.data.image_limits import (
    MAX_CHUNKS,
    MAX_SCANS,
    MAX_SEGMENTS,
    MAX_STRAY_BYTES,
    MAX_TAG_VALUES,
    find_excess,
)


def exif_folder(content, num_values):
    """A TIFF file with a folder of further tags behind it, one of which has so many values."""
    folder = struct.pack("<HHHII", 1, 33434, 5, num_values, 0)
    return tiff([(34665, 4, 1, struct.pack("<I", len(content)))]) + folder


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_sound_files_keep_to_the_limits(kind):
    assert find_excess(encode("RGB", format=kind)) is None


@pytest.mark.parametrize("quality", [1, 95])
def test_a_progressive_jpeg_has_a_quarter_of_the_scans_that_are_let_through(quality):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG", progressive=True, quality=quality)
    assert find_excess(file.getvalue()) is None
    assert file.getvalue().count(b"\xff\xda") == MAX_SCANS // 4


def test_scans_are_counted():
    assert find_excess(jpeg(num_scans=MAX_SCANS - 1)) is None
    assert find_excess(jpeg(num_scans=MAX_SCANS)) == "a JPEG of at most 40 scans, got 41; save it as PNG"


def test_strips_are_counted():
    assert find_excess(tiff_of_strips(MAX_TAG_VALUES)) is None
    assert "at most 40,000 values a tag, got 40,001" in find_excess(tiff_of_strips(MAX_TAG_VALUES + 1))


def test_tags_behind_a_tag_are_counted_and_a_circle_of_them_ends():
    sound = tiff([(34665, 4, 1, bytes(4))])
    assert find_excess(exif_folder(sound, 3)) is None
    assert "values a tag" in find_excess(exif_folder(sound, MAX_TAG_VALUES + 1))
    assert find_excess(tiff([(34665, 4, 1, struct.pack("<I", 8))])) is None


@pytest.mark.parametrize("kind", [3, 4])
@pytest.mark.parametrize(("height", "excess"), [(10_000, None), (10_001, "got 50,005,000")])
def test_tiles_are_no_larger_than_an_image(kind, height, excess):
    """libtiff unpacks a tile as a whole, whatever the picture's size is."""
    sides = [struct.pack("<H" if kind == 3 else "<I", side) for side in (5000, height)]
    found = find_excess(tiff([(322 + number, kind, 1, side) for number, side in enumerate(sides)]))
    assert (excess is None and found is None) or excess in found


def test_chunks_are_counted():
    """Three more belong to the sound file."""
    assert find_excess(png(before=png_chunk(b"aaAa", b"") * (MAX_CHUNKS - 3))) is None
    assert "a PNG of at most 50,000 chunks" in find_excess(png(before=png_chunk(b"aaAa", b"") * (MAX_CHUNKS - 2)))


@pytest.mark.parametrize(
    ("piece", "most"),
    [(jpeg_segment(0xFE, b""), MAX_SEGMENTS - 4), (b"\xff", MAX_STRAY_BYTES), (b"\0", MAX_STRAY_BYTES)],
)
def test_pieces_of_a_jpeg_header_are_counted(piece, most):
    """Four of its segments belong to the sound file."""
    assert find_excess(jpeg(extra=piece * most)) is None
    assert "a JPEG with a header of at most 10,000 segments" in find_excess(jpeg(extra=piece * (most + 1)))


@pytest.mark.parametrize(("packing", "refused"), [(0, False), (1, True), (2, True), (3, False)])
def test_runs_in_a_bmp_are_refused(packing, refused):
    assert (find_excess(bmp(packing=packing)) is not None) == refused


def test_text_and_profiles_may_be_long():
    assert find_excess(tiff([(34675, 7, 200_000, bytes(200_000))])) is None


@pytest.mark.parametrize("content", [b"", b"I", b"II", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\5\0\0\0\xff\xff"])
def test_pieces_of_files_are_no_error(content):
    assert isinstance(find_excess(content), str | None)


def test_bigtiff_is_refused():
    assert "classic TIFF" in find_excess(b"II\x2b\0\x08\0\0\0" + bytes(30))


def test_bytes_are_counted(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_BYTES", 67)
    assert find_excess(png()[:67]) is None
    assert find_excess(png()) == "at most 67 bytes, got 68; crop it to the scan or save it as PNG"
