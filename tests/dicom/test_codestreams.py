import io
import struct

import numpy as np
import pytest
from dicom_variants import real_file
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames

from keras_hanet.dicom.codestreams import read_coded_size


def encode(shape, form, **options):
    file = io.BytesIO()
    Image.fromarray(np.zeros(shape, np.uint8)).save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(7, 13), (7, 13, 3)])
@pytest.mark.parametrize(
    ("form", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("JPEG2000", {"no_jp2": True}), ("JPEG2000", {"no_jp2": False})],
)
def test_the_size_is_that_of_the_picture_that_was_coded(shape, form, options):
    assert read_coded_size(encode(shape, form, **options)) == (7, 13, 3 if len(shape) == 3 else 1)


@pytest.mark.parametrize(
    ("name", "size"),
    [("JPEGLSNearLossless_08.dcm", (45, 10, 1)), ("JPGLosslessP14SV1_1s_1f_8b.dcm", (768, 1024, 1))],
)
def test_the_size_of_jpeg_ls_and_of_lossless_jpeg(name, size):
    assert read_coded_size(next(generate_frames(dcmread(real_file(name)).PixelData, number_of_frames=1))) == size


def test_segments_and_fill_bytes_before_the_size_are_passed_over():
    coded = encode((7, 13), "JPEG")
    comment = b"\xff\xff\xff\xfe" + struct.pack(">H", 6) + b"\xff\xc0!!"  # its text looks like a start of frame
    without_length = b"\xff\x01"
    assert read_coded_size(coded[:2] + comment + without_length + coded[2:]) == (7, 13, 1)


def test_what_has_no_size_where_it_belongs_has_none():
    coded = encode((7, 13), "JPEG")
    scan = coded.index(b"\xff\xda")
    for damaged in (b"", b"\xff\xd8", b"no image", coded[:40], coded[:2] + coded[scan:], encode((7, 13), "PNG")):
        assert read_coded_size(damaged) is None
    assert read_coded_size(encode((7, 13), "JPEG2000", no_jp2=True)[:30]) is None
