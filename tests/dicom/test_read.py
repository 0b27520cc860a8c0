import io
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from dicom_phantoms import BANNER, MARGIN, draw_film, write_phantom_dicom
from dicom_variants import (
    coded,
    compressed,
    draw_moving_square,
    make_dataset,
    make_file,
    mpeg_file,
    noise,
    real_file,
    to_bytes,
)
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_color_lut, convert_color_space
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from keras_hanet.data.preprocessing import MAX_PIXELS
from keras_hanet.dicom.read import read_dicom
from keras_hanet.errors import InputError

REAL = {
    "examples_rgb_color.dcm": 1,
    "examples_palette.dcm": 1,
    "examples_jpeg2k.dcm": 1,
    "examples_ybr_color.dcm": 30,
    "ExplVR_BigEnd.dcm": 1,
    "US1_UNCI.dcm": 1,
    "US1_UNCR.dcm": 1,
    "US1_J2KI.dcm": 1,
    "US1_J2KR.dcm": 1,
    "OBXXXX1A.dcm": 1,
    "OBXXXX1A_rle.dcm": 1,
    "OBXXXX1A_expb.dcm": 1,
    "OBXXXX1A_2frame.dcm": 2,
    "OBXXXX1A_rle_2frame.dcm": 2,
    "OBXXXX1A_expb_2frame.dcm": 2,
    "gdcm-US-ALOKA-16.dcm": 1,
    "gdcm-US-ALOKA-16_big.dcm": 1,
    "JPGLosslessP14SV1_1s_1f_8b.dcm": 1,
    "color-pl.dcm": 1,
    "color-px.dcm": 1,
}


def images_of(content, name="scan"):
    return [frame.image for frame in read_dicom(content, name).frames()]


def reference_of(path):
    """All frames as pydicom and its documentation make RGB of them, palettes of little-endian files alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path)
        values = dataset.pixel_array
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            values = (apply_color_lut(values, dataset) >> 8).astype(np.uint8)
    return values.reshape(-1, dataset.Rows, dataset.Columns, 3)


@pytest.mark.parametrize(("name", "num_frames"), REAL.items())
def test_real_files_give_all_their_frames_without_a_warning(name, num_frames):
    source = read_dicom(real_file(name), name)
    frames = list(source.frames())
    assert (source.kind, source.name, source.num_frames) == ("dicom", name, num_frames)
    assert len(frames) == num_frames
    for number, frame in enumerate(frames):
        assert frame.image.shape == (source.dataset.Rows, source.dataset.Columns, 3)
        assert frame.image.dtype == np.uint8
        assert frame.area == source.area
        assert frame.name == (name if num_frames == 1 else f"{name}#{number}")
        assert np.ptp(frame.scan) > 0


@pytest.mark.parametrize(
    "name", [name for name in REAL if "big" not in name and "expb" not in name and not name.startswith("JPGL")]
)
def test_pixels_are_those_that_pydicom_gives(name):
    np.testing.assert_array_equal(images_of(real_file(name)), reference_of(real_file(name)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("US1_UNCR.dcm", "US1_J2KR.dcm"),
        ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"),
        ("OBXXXX1A.dcm", "OBXXXX1A_expb.dcm"),
        ("OBXXXX1A_2frame.dcm", "OBXXXX1A_rle_2frame.dcm"),
        ("OBXXXX1A_2frame.dcm", "OBXXXX1A_expb_2frame.dcm"),
        ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"),
        ("color-pl.dcm", "color-px.dcm"),
    ],
)
def test_one_picture_stored_in_two_ways_is_one_picture(first, second):
    np.testing.assert_array_equal(images_of(real_file(first)), images_of(real_file(second)))


def test_a_lossy_copy_is_near_its_original():
    """The standard deviation of the image is 60 levels."""
    first, second = (images_of(real_file(name))[0].astype(int) for name in ("US1_UNCI.dcm", "US1_J2KI.dcm"))
    assert np.abs(first - second).mean() < 3


def test_lossless_grey_with_its_window():
    """Centre 127 and width 254: 0 is black, 253 white, (x - 126.5) / 253 + 0.5 of 255 in between."""
    path = real_file("JPGLosslessP14SV1_1s_1f_8b.dcm")
    stored = dcmread(path).pixel_array.astype(float)
    expected = np.rint(np.clip(((stored - 126.5) / 253 + 0.5) * 255, 0, 255))
    assert np.abs(images_of(path)[0] - expected[..., None]).max() <= 1


def test_a_film_is_held_one_frame_at_a_time():
    """120 frames of 640 x 480 are 111 MB; one is 0.9."""
    path = real_file("color3d_jpeg_baseline.dcm")
    tracemalloc.start()
    num_frames = sum(1 for _ in read_dicom(path).frames())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert num_frames == 120
    assert peak < 25_000_000


def test_frames_can_be_read_again_and_left_in_the_middle():
    source = read_dicom(real_file("examples_ybr_color.dcm"))
    first = next(source.frames()).image
    assert len(list(source.frames())) == 30
    np.testing.assert_array_equal(next(source.frames()).image, first)


@pytest.mark.parametrize("colour", [False, True])
def test_a_phantom_comes_out_as_it_was_put_in(tmp_path, colour):
    masks = write_phantom_dicom(tmp_path / "cine.dcm", num_frames=3, colour=colour)
    frames, drawn = draw_film(3, 200, 240)
    np.testing.assert_array_equal(masks, drawn)
    source = read_dicom(tmp_path / "cine.dcm", "cine")
    for number, frame in enumerate(source.frames()):
        np.testing.assert_array_equal(frame.image[..., 1], frames[number])
        assert (frame.area.top, frame.area.left) == (BANNER, MARGIN)
        assert frame.scan.shape == (200, 240, 3)
        assert (frame.area.spacing.row_mm, frame.area.spacing.column_mm) == pytest.approx((0.25, 0.2))
        assert (frame.name, frame.time_s) == (f"cine#{number}", pytest.approx(0.04 * number))


def test_a_phantom_without_calibration_is_seen_as_a_whole(tmp_path):
    write_phantom_dicom(tmp_path / "scan.dcm", calibrated=False)
    (frame,) = read_dicom(tmp_path / "scan.dcm").frames()
    assert frame.area is None
    assert frame.time_s is None
    assert frame.name == str(tmp_path / "scan.dcm")


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_by_pixel_or_by_plane(planar):
    pixels = noise(5, 7, 3)
    stored = pixels if planar == 0 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    content = make_file(stored, "RGB", PlanarConfiguration=planar, Rows=5, Columns=7)
    np.testing.assert_array_equal(images_of(content)[0], pixels)


def test_ybr_full_becomes_rgb():
    """Y 76, Cb 85, Cr 255 is pure red (ITU-T T.871); Y alone is grey."""
    pixels = np.array([[[76, 85, 255], [128, 128, 128]]], np.uint8)
    image = images_of(make_file(pixels, "YBR_FULL"))[0]
    assert np.abs(image[0].astype(int) - [[255, 0, 0], [128, 128, 128]]).max() <= 1


def test_ybr_full_422_shares_its_colour_between_two_pixels():
    # Y1 Y2 Cb Cr of two pixels each.
    stored = np.array([[76, 128, 85, 255]], np.uint8)
    dataset = make_dataset(np.zeros((1, 2, 3), np.uint8), "YBR_FULL_422")
    dataset.PixelData = stored.tobytes()
    pixels = np.array([[[76, 85, 255], [128, 85, 255]]], np.uint8)
    expected = convert_color_space(pixels, "YBR_FULL", "RGB")
    np.testing.assert_array_equal(images_of(to_bytes(dataset))[0], expected)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_in_every_uncompressed_way(photometric, syntax, dtype):
    grey = noise(2, 5, 8)
    stored = grey.astype(dtype) * (257 if dtype == np.uint16 else 1)
    dataset = make_dataset(stored, photometric, NumberOfFrames=2)
    if syntax is not None:
        dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    images = images_of(to_bytes(dataset))
    expected = 255 - grey if photometric == "MONOCHROME1" else grey
    np.testing.assert_array_equal(images, np.repeat(expected[..., None], 3, axis=-1))


def test_a_film_of_jpegs_and_of_jpeg_2000():
    films = noise(3, 16, 24)
    codestreams = [coded(film, "JPEG2000", no_jp2=True) for film in films]
    content = compressed(codestreams, JPEG2000, "MONOCHROME2", (16, 24), NumberOfFrames=3)
    np.testing.assert_array_equal([image[..., 0] for image in images_of(content)], films)
    jpegs = [coded(film, "JPEG", quality=95) for film in films]
    content = compressed(jpegs, JPEGBaseline8Bit, "MONOCHROME2", (16, 24), NumberOfFrames=3)
    expected = [np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in jpegs]
    np.testing.assert_array_equal([image[..., 0] for image in images_of(content)], expected)


def test_a_codestream_larger_than_the_header_says_is_refused_before_it_is_decoded():
    huge = coded(np.zeros((6000, 8000), np.uint8), "JPEG2000", no_jp2=True)
    assert MAX_PIXELS > 6000 * 8000
    content = compressed([huge], JPEG2000, "MONOCHROME2", (16, 24), NumberOfFrames=1)
    tracemalloc.start()
    with pytest.raises(InputError, match="cannot be read"):
        images_of(content)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_second_table_of_offsets_does_not_move_the_frames():
    """What the fragments themselves say is enough; this table (7FE0,0001) says that both frames are the first."""
    films = noise(2, 16, 24)
    codestreams = [coded(film, "JPEG2000", no_jp2=True) for film in films]
    table = {"ExtendedOffsetTable": bytes(16), "ExtendedOffsetTableLengths": 2 * struct.pack("<Q", len(codestreams[0]))}
    content = compressed(codestreams, JPEG2000, "MONOCHROME2", (16, 24), NumberOfFrames=2, **table)
    np.testing.assert_array_equal([image[..., 0] for image in images_of(content)], films)


def test_an_mpeg_film_is_read_picture_by_picture():
    source = read_dicom(mpeg_file(), "film")
    frames = list(source.frames())
    assert [frame.name for frame in frames] == [f"film#{number}" for number in range(6)]
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])
    drawn = draw_moving_square(6)
    assert all(np.abs(frame.image.astype(int) - drawn[number]).mean() < 3 for number, frame in enumerate(frames))


def test_a_film_with_fewer_pictures_than_it_says_is_told_at_its_end():
    frames = read_dicom(mpeg_file(8), "film").frames()
    assert len([next(frames) for _ in range(6)]) == 6
    with pytest.raises(InputError, match="film: expected 8 frames, found 6"):
        next(frames)


@pytest.mark.parametrize(
    ("values", "times_s"),
    [
        ({"FrameTime": 50}, [0, 0.05, 0.1]),
        ({"FrameTimeVector": [0, 40, 60]}, [0, 0.04, 0.1]),
        ({"FrameTimeVector": [40, 40, 60]}, [0, 0.04, 0.1]),
        ({"FrameTimeVector": [0, 40, 60], "FrameTime": 50}, [0, 0.04, 0.1]),
        ({"FrameTimeVector": [0, 40]}, [None] * 3),
        ({"CineRate": 20}, [0, 0.05, 0.1]),
        ({"FrameTime": 0}, [None] * 3),
        ({}, [None] * 3),
    ],
)
def test_the_time_of_a_frame_is_what_the_file_says(values, times_s):
    frames = list(read_dicom(make_file(noise(3, 4, 5), NumberOfFrames=3, **values)).frames())
    assert [frame.time_s for frame in frames] == pytest.approx(times_s)


def test_the_frame_says_what_its_regions_ask_to_be_told():
    path = get_testdata_file("gdcm-US-ALOKA-16.dcm", download=False)
    [frame] = read_dicom(path).frames()
    assert frame.flags == ("several scans",)
