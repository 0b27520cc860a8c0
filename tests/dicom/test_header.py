import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from dicom_variants import NAME, make_dataset, make_file, noise, real_file, to_bytes
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    SegmentationStorage,
    UltrasoundMultiFrameImageStorage,
)

from keras_hanet.data.preprocessing import MAX_PIXELS
from keras_hanet.dicom import header as header_module
from keras_hanet.dicom.header import CLASSES, open_content, read_header
from keras_hanet.errors import InputError

PIXELS = noise(6, 9)


def compressed(fragments, num_frames, table=None, **values):
    """A file with these fragments, whatever is in them; `table` in the place of an empty Basic Offset Table."""
    dataset = make_dataset(noise(num_frames, 6, 9), NumberOfFrames=num_frames, **values)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    value = encapsulate(fragments, has_bot=False)
    if table is not None:
        offsets = struct.pack(f"<{len(table)}I", *table)
        value = struct.pack("<HHI", 0xFFFE, 0xE000, len(offsets)) + offsets + value[8:]
    dataset.PixelData = value
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return to_bytes(dataset)


def test_a_header_says_what_is_in_the_file_and_where():
    content = make_file(PIXELS)
    header = read_header(content, "scan")
    assert (header.num_frames, header.syntax, header.dataset.Rows) == (1, ExplicitVRLittleEndian, 6)
    assert "PixelData" not in header.dataset
    with open_content(content) as file:
        file.seek(header.position)
        assert file.read(54) == PIXELS.tobytes()


def test_a_path_is_read_as_its_bytes_are(tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_bytes(make_file(PIXELS))
    assert read_header(path, "scan").position == read_header(path.read_bytes(), "scan").position


@pytest.mark.parametrize("uid", CLASSES)
def test_the_four_ultrasound_classes_are_read(uid):
    assert read_header(make_file(PIXELS, SOPClassUID=uid), "scan").dataset.SOPClassUID == uid


@pytest.mark.parametrize(
    ("uid", "called"),
    [
        (SegmentationStorage, "Segmentation Storage"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "Comprehensive SR Storage"),
        ("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage"),
        ("1.2.3.4", "something else"),
    ],
)
def test_another_kind_of_object_is_refused_by_its_name(uid, called):
    with pytest.raises(InputError, match=f"expected an ultrasound image .*, got {called}; give the image itself"):
        read_header(make_file(PIXELS, SOPClassUID=uid), "scan")


def test_real_files_of_other_modalities_are_refused_by_their_name():
    for name, called in [("CT_small.dcm", "CT Image Storage"), ("test-SR.dcm", "Comprehensive SR Storage")]:
        with pytest.raises(InputError, match=f"got {called}"):
            read_header(real_file(name), "scan")


@pytest.mark.parametrize("content", [b"", b"no DICOM at all, but a text of some length" * 9, bytes(132), bytes(400)])
def test_what_is_no_dicom_file_is_refused(content):
    with pytest.raises(InputError, match="expected a DICOM file that says how it is stored"):
        read_header(content, "scan")


def test_a_file_without_its_meta_information_is_refused():
    content = make_file(PIXELS)
    # It ends where the first element of the dataset starts, (0008,0016).
    with pytest.raises(InputError, match="expected a DICOM file that says how it is stored"):
        read_header(content[content.index(b"\x08\x00\x16\x00") :], "scan")


def test_a_file_without_pixels_is_refused():
    dataset = make_dataset(PIXELS)
    del dataset.PixelData
    with pytest.raises(InputError, match="found no Pixel Data"):
        read_header(to_bytes(dataset), "scan")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Rows": 65535, "Columns": 65535}, "65535 x 65535"),
        ({"Rows": 7072, "Columns": 7072}, "7072 x 7072"),
        ({"NumberOfFrames": 10**9}, "1000000000 frames"),
        ({"NumberOfFrames": -1}, "-1"),
        ({"Rows": 0}, "9 x 0"),
        ({"Rows": 7}, "expected 63 bytes .* found 54"),
        ({"NumberOfFrames": 2}, "expected 108 bytes .* found 54"),
        ({"BitsAllocated": 16}, "expected 108 bytes"),
        ({"SamplesPerPixel": 3}, "expected 162 bytes"),
        ({"SamplesPerPixel": 4}, "got 4 of 8"),
        ({"BitsAllocated": 32}, "got 1 of 32"),
        ({"BitsStored": 9}, "damaged"),
    ],
)
def test_what_the_bytes_cannot_hold_is_refused_before_memory_is_taken(values, words):
    assert MAX_PIXELS < 7072**2
    content = make_file(PIXELS, **values)
    tracemalloc.start()
    with pytest.raises(InputError, match=words):
        read_header(content, "scan")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_value_that_ends_behind_the_file_is_refused():
    content = make_file(PIXELS)
    with pytest.raises(InputError, match="cut off"):
        read_header(content[:-10], "scan")


@pytest.mark.filterwarnings("ignore")
def test_errors_name_no_patient():
    content = make_file(PIXELS, SOPClassUID="1.2.276.0.12345").replace(b"1.2.276.0.12345", b"Lovelace^Ada 15")
    for damaged in (make_file(PIXELS, Rows=7), content):
        with pytest.raises(InputError) as caught:
            read_header(damaged, "scan")
        assert "Lovelace" not in str(caught.value)


def test_compressed_frames_are_counted_and_lie_where_the_table_says():
    fragments = [bytes(10), bytes(20), bytes(12)]
    assert read_header(compressed(fragments, 3), "scan").num_frames == 3
    assert read_header(compressed(fragments, 3, table=[0, 18, 46]), "scan").num_frames == 3
    # Two fragments may be one frame.
    assert read_header(compressed(fragments, 2, table=[0, 18]), "scan").num_frames == 2
    for table in ([0, 20, 46], [0, 18, 4_000_000_000]):
        with pytest.raises(InputError, match="not where its table of offsets says"):
            read_header(compressed(fragments, 3, table=table), "scan")
    with pytest.raises(InputError, match="expected at most one offset a frame"):
        read_header(compressed(fragments, 3, table=[0] * 1000), "scan")
    with pytest.raises(InputError, match="not all there"):
        read_header(compressed(fragments, 4), "scan")


def test_more_compressed_frames_than_bytes_are_refused():
    element = b"\x28\x00\x08\x00IS"
    content = compressed([bytes(10)], 1).replace(element + b"\x02\x001 ", element + b"\x0a\x001000000000")
    with pytest.raises(InputError, match="expected 1000000000 compressed frames"):
        read_header(content, "scan")


def test_a_last_fragment_that_ends_behind_the_file_is_refused():
    content = compressed([bytes(10), bytes(40)], 2)
    with pytest.raises(InputError, match="cut off"):
        read_header(content[:-20], "scan")


def deflated(num_zeros=0):
    dataset = make_dataset(PIXELS)
    if num_zeros:
        dataset.add_new(0x00091010, "OB", bytes(num_zeros))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return to_bytes(dataset)


def test_a_deflated_file_is_unpacked_once():
    header = read_header(deflated(), "scan")
    assert header.syntax == ExplicitVRLittleEndian
    assert header.content[header.position :][:54] == PIXELS.tobytes()
    assert header.dataset.PatientName == NAME


def test_a_deflated_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(header_module, "MAX_INFLATED_BYTES", 2**20)
    assert read_header(deflated(2**19), "scan").num_frames == 1
    content = deflated(2**26)
    assert len(content) < 2**18
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to at most 1 MiB"):
        read_header(content, "scan")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_a_deflated_file_that_is_cut_off_is_refused():
    with pytest.raises((InputError, zlib.error)):
        read_header(deflated()[:-20], "scan")


def test_a_film_that_is_too_long_to_hold_is_refused(monkeypatch):
    monkeypatch.setattr(header_module, "MAX_STREAM_BYTES", 10)
    dataset = make_dataset(np.zeros((1, 6, 9), np.uint8), NumberOfFrames=1)
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    dataset.PixelData = encapsulate([bytes(100)])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    with pytest.raises(InputError, match="expected an MPEG film of at most"):
        read_header(to_bytes(dataset), "scan")
