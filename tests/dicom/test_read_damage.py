"""What `read_dicom` does with files that are damaged, cut off, not there or of another kind."""

import contextlib
import io

import numpy as np
import pytest
from dicom_variants import NAME, coded, compressed, make_dataset, make_file, mpeg_file, noise, real_file, to_bytes
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import JPEG2000, HTJ2KLossless, JPEGBaseline8Bit, RLELossless

from keras_hanet.dicom.read import read_dicom
from keras_hanet.errors import InputError


def images_of(content):
    return [frame.image for frame in read_dicom(content, "scan").frames()]


def test_what_is_not_there_is_told_by_its_path(tmp_path):
    for path in (tmp_path / "scan.dcm", tmp_path):
        with pytest.raises(InputError, match=r"no such file"):
            read_dicom(path)


def test_a_compression_that_is_not_read_here_is_told_by_its_name():
    content = compressed([bytes(30)], HTJ2KLossless, "MONOCHROME2", (16, 24), NumberOfFrames=1)
    with pytest.raises(InputError, match=r"got High-Throughput JPEG 2000 .*; export it again, uncompressed"):
        read_dicom(content)


@pytest.mark.parametrize(
    "name",
    [
        "US1_J2KR.dcm",
        "OBXXXX1A_rle.dcm",
        "JPGLosslessP14SV1_1s_1f_8b.dcm",
        "examples_ybr_color.dcm",
        "US1_UNCI.dcm",
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_cut_off_file_is_a_sentence(name, share):
    with open(real_file(name), "rb") as file:
        content = file.read()
    with pytest.raises(InputError, match=r"^scan: .*(export|copy)"):
        images_of(content[: int(share * len(content))])


def test_errors_and_logs_name_no_patient(caplog):
    without_palette = make_dataset(noise(6, 9), "PALETTE COLOR")
    odd_time = make_dataset(noise(2, 6, 9), NumberOfFrames=2)
    odd_time.add_new("FrameTime", "LO", NAME)
    for dataset in (without_palette, odd_time):
        with pytest.raises(InputError, match="cannot be read") as caught:
            images_of(to_bytes(dataset))
        assert "Lovelace" not in str(caught.value)
        assert caught.value.__suppress_context__
    assert "Lovelace" not in caplog.text


def test_what_pydicom_finds_odd_is_no_warning_and_no_log(caplog):
    """It warns of a film of no frames, which it takes for one, and logs each decoder that fails."""
    content = make_file(noise(6, 9), NumberOfFrames=0)
    with pytest.warns(UserWarning, match="assuming 1 frame"):
        as_pixel_options(dcmread(io.BytesIO(content)))
    assert len(images_of(content)) == 1
    jpeg = bytearray(coded(noise(16, 24), "JPEG"))
    jpeg[200:] = bytes(len(jpeg) - 200)
    with pytest.raises(InputError, match="cannot be read"):
        images_of(compressed([bytes(jpeg)], JPEGBaseline8Bit, "MONOCHROME2", (16, 24), NumberOfFrames=1))
    assert caplog.text == ""


@pytest.fixture(scope="module")
def small_files():
    """One file of each way to store a picture, a few kilobytes each."""
    film = noise(2, 16, 24)
    smooth = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)
    rle = make_dataset(np.repeat(film[..., None], 3, axis=-1), "RGB", NumberOfFrames=2)
    rle.compress(RLELossless, generate_instance_uid=False)
    jpegs = [coded(smooth, "JPEG"), coded(film[0], "JPEG")]
    jpeg_2000 = [coded(smooth, "JPEG2000", no_jp2=True)]
    lossless = dcmread(real_file("JPEGLSNearLossless_08.dcm"))
    lossless.SOPClassUID = make_dataset(film[0]).SOPClassUID
    return [
        make_file(film, NumberOfFrames=2, FrameTimeVector=[0, 40]),
        to_bytes(rle),
        compressed(jpegs, JPEGBaseline8Bit, "MONOCHROME2", (16, 24), NumberOfFrames=2),
        compressed(jpeg_2000, JPEG2000, "MONOCHROME2", (16, 24), NumberOfFrames=1),
        to_bytes(lossless),
        mpeg_file(),
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_damage_gives_frames_or_a_sentence_and_nothing_else(small_files, data):
    content = bytearray(data.draw(st.sampled_from(small_files)))
    flips = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for position, value in data.draw(st.lists(flips, max_size=8)):
        content[position] = value
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    with contextlib.suppress(InputError):
        for frame in read_dicom(bytes(content), "scan").frames():
            assert frame.image.dtype == np.uint8
            assert frame.image.ndim == 3
