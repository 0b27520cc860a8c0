"""DICOM files and films of a stranger: frames or one sentence that names no patient."""

import struct
import zlib

import numpy as np
import pytest
from dicom_variants import NAME, compressed, make_dataset, make_file, to_bytes
from fuzz.bounded import MAX_BYTES, read_bounded
from fuzz.hostile_images import jpeg
from fuzz.hostile_values import flipped
from fuzz.profile import examples
from fuzz.readers import READERS, try_reader
from fuzz.seeds import seeds_of
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit

DICOM, FILMS = seeds_of("dicom"), seeds_of("film")
# What decides how pixels are read, how they are shown and where they lie; then any element at all.
DECIDING = st.sampled_from(
    [
        *(0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280009, 0x00280010, 0x00280011, 0x00280100, 0x00280101),
        *(0x00280102, 0x00280103, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281101, 0x00281201, 0x00283000),
        *(0x00283010, 0x00181063, 0x00181065, 0x00180040, 0x00186011, 0x00080016, 0x00100010, 0x00100020, 0x00020010),
    ]
)
_NAMES = b"AE AS CS DA DS DT FD FL IS LO LT OB OW PN SH SL SQ SS ST TM UI UL UN US UT XX"
KINDS = st.integers(0, len(_NAMES) // 3).map(lambda number: _NAMES[3 * number : 3 * number + 2])
PIXEL_DATA = b"\xe0\x7f\x10\x00"
LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")
BODIES = st.binary(max_size=40) | st.sampled_from(
    [b"", NAME.encode(), b"1\\2\\3", b"1e999", b"nan", b"-1", b"9" * 40, b"\xff" * 8, struct.pack("<HH", 0, 65535)]
)


@st.composite
def elements(draw):
    """A data element of explicit little-endian coding, whose length may lie."""
    tag = draw(DECIDING | st.integers(0x00080000, 0x7FE0FFFF))
    kind, body = draw(KINDS), draw(BODIES)
    lie = draw(st.sampled_from((0, 0, 0, 0, 1, 7, 2**16 - 1, 2**32 - 1)))
    if kind in LONG:
        length = b"\0\0" + struct.pack("<I", min(len(body) + lie, 2**32 - 1))
    else:
        length = struct.pack("<H", min(len(body) + lie, 2**16 - 1))
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + kind + length + body


@st.composite
def with_elements(draw):
    """A sound file with further elements before its pixels."""
    content = draw(st.sampled_from(DICOM))
    start = content.index(PIXEL_DATA)
    return content[:start] + b"".join(draw(st.lists(elements(), min_size=1, max_size=4))) + content[start:]


@examples(250)
@given(content=st.one_of(with_elements(), st.sampled_from(DICOM).flatmap(flipped), st.binary(max_size=300)))
def test_any_dicom_file_is_frames_or_one_sentence(content):
    for shape in try_reader(READERS["dicom"], content) or ():
        assert shape[2] == 3
        assert 0 < shape[0] * shape[1] <= 50_000_000


@examples(40)
@given(content=st.sampled_from(FILMS).flatmap(flipped) | st.binary(max_size=300))
def test_any_film_is_frames_or_one_sentence(content):
    for shape in try_reader(READERS["film"], content) or ():
        assert shape[2] == 3


def deep(depth):
    """Sequences inside sequences, none of which says its length."""
    content, start = DICOM[0], DICOM[0].index(PIXEL_DATA)
    opened = b"\x08\0\x15\x11SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\0\xe0" + b"\xff" * 4
    closed = b"\xfe\xff\r\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
    return content[:start] + opened * depth + closed * depth + content[start:]


def deflated(num_bytes):
    """A header that unpacks to so many zeros."""
    dataset = make_dataset(np.zeros((4, 4), np.uint8))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = to_bytes(dataset)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = content.index(b"1.2.840.10008.1.2.1.99") + 22
    return content[:start] + packer.compress(bytes(num_bytes)) + packer.flush()


def scans():
    """A JPEG frame of 16 megapixels that is gone over five thousand times."""
    return compressed([jpeg(4000, 4000, 5000)], JPEGBaseline8Bit, "MONOCHROME2", (4000, 4000), NumberOfFrames=1)


BOMBS = {
    "a frame of 65,535 x 65,535": lambda: make_file(np.zeros((4, 4), np.uint8), Rows=65535, Columns=65535),
    "two thousand million frames": lambda: make_file(np.zeros((1, 4, 4), np.uint8), NumberOfFrames=2**31 - 1),
    "sequences 300 deep": lambda: deep(300),
    "deflated gigabyte": lambda: deflated(10**9),
    "thousands of scans": scans,
}
# The largest grey frame that is let through, with a window: every step makes a copy.
LARGEST = {
    "window": lambda: make_file(np.zeros((7000, 7000), np.uint16), WindowCenter=100, WindowWidth=50, RescaleSlope=2,
                                RescaleIntercept=1),
}


@pytest.mark.parametrize(
    ("bombs", "what"),
    [(BOMBS, "refused"), pytest.param(LARGEST, "result", marks=pytest.mark.slow)],
    ids=["bombs", "largest"],
)
def test_files_that_ask_for_much_take_seconds_and_less_than_a_gigabyte(bombs, what):
    outcomes = read_bounded({name: ("dicom", make()) for name, make in bombs.items()})
    for name in bombs:
        assert outcomes[name].what == what, (name, outcomes[name])
        assert outcomes[name].num_bytes < MAX_BYTES, (name, outcomes[name])
