import numpy as np
import pytest
from dicom_variants import make_dataset, noise
from pydicom.dataset import Dataset
from pydicom.pixels import convert_color_space
from pydicom.uid import ExplicitVRBigEndian

from keras_hanet.dicom.pixels import ToRgb


def grey_of(values, dtype=np.uint8, photometric="MONOCHROME2", **attributes):
    """The first channel of one row of values; the three channels are the same."""
    stored = np.array([values], dtype)
    image = ToRgb(make_dataset(stored, photometric, **attributes))(stored, photometric)
    assert image.shape == (1, len(values), 3)
    assert image.dtype == np.uint8
    assert (image == image[..., :1]).all()
    return image[0, :, 0].tolist()


def palette_of(colours, bits=16, first=0, dtype="<u2", num=None):
    """Attributes of a palette, (N, 3) integers."""
    attributes = {}
    for colour, channel in zip(("Red", "Green", "Blue"), np.array(colours).T, strict=True):
        table = f"{colour}PaletteColorLookupTable"
        attributes[f"{table}Descriptor"] = [len(channel) if num is None else num, first, bits]
        attributes[f"{table}Data"] = channel.astype(dtype).tobytes()
    return attributes


def test_grey_is_as_stored():
    assert grey_of([0, 1, 128, 255]) == [0, 1, 128, 255]


def test_grey_is_one_channel_seen_three_times():
    stored = noise(4, 5)
    image = ToRgb(make_dataset(stored))(stored, "MONOCHROME2")
    assert image.strides[2] == 0
    assert np.shares_memory(image, stored)


def test_monochrome1_is_turned_so_that_an_echo_is_bright():
    assert grey_of([0, 1, 128, 255], photometric="MONOCHROME1") == [255, 254, 127, 0]


def test_a_dark_frame_stays_dark():
    """By its own range 3 and 5 would be black and white."""
    assert grey_of([3, 4, 5]) == [3, 4, 5]
    assert grey_of([0, 0, 0]) == [0, 0, 0]


def test_sixteen_bits_are_scaled_by_the_bits_that_are_stored():
    # 12 bits: 4095 is white; 2048 * 255 / 4095 = 127.53.
    assert grey_of([0, 16, 2048, 4095], np.uint16, BitsStored=12, HighBit=11) == [0, 1, 128, 255]
    # 16 bits: 32896 = 128 * 257.
    assert grey_of([0, 32896, 65535], np.uint16) == [0, 128, 255]


def test_signed_values_start_at_the_lowest():
    attributes = {"PixelRepresentation": 1, "BitsStored": 12, "HighBit": 11}
    assert grey_of([-2048, 0, 2047], np.int16, **attributes) == [0, 128, 255]


def test_a_window_is_what_is_seen():
    """PS3.3 C.11.2.1.2.1: centre 150 and width 101 map 100 (100 <= 149.5 - 50) to black and 200 to white."""
    window = {"WindowCenter": 150, "WindowWidth": 101}
    # 150: ((150 - 149.5) / 100 + 0.5) * 255 = 128.8.
    assert grey_of([0, 99, 150, 200, 255], **window) == [0, 0, 129, 255, 255]
    assert grey_of([0, 99, 150, 200, 255], photometric="MONOCHROME1", **window) == [255, 255, 126, 0, 0]


def test_of_several_windows_the_first_is_taken():
    both = {"WindowCenter": [150, 20], "WindowWidth": [101, 5]}
    assert grey_of([0, 150, 255], **both) == [0, 129, 255]


@pytest.mark.parametrize("window", [{"WindowCenter": 0, "WindowWidth": 0}, {"WindowCenter": None, "WindowWidth": None}])
def test_a_window_without_a_width_is_none(window):
    assert grey_of([0, 1, 128, 255], **window) == [0, 1, 128, 255]


def test_rescaling_moves_the_range_with_the_values():
    assert grey_of([0, 128, 255], RescaleSlope=2, RescaleIntercept=-100) == [0, 128, 255]


def test_a_voi_lut_is_what_is_seen():
    lut = Dataset()
    lut.LUTDescriptor = [4, 0, 8]
    lut.add_new("LUTData", "OW", bytes([10, 0, 20, 0, 200, 0, 255, 0]))
    assert grey_of([0, 1, 2, 3, 9], VOILUTSequence=[lut]) == [10, 20, 200, 255, 255]


def test_a_grey_palette_gives_grey():
    ramp = [[257 * level] * 3 for level in range(256)]
    assert grey_of([0, 1, 128, 255], photometric="PALETTE COLOR", **palette_of(ramp)) == [0, 1, 128, 255]


def test_a_palette_gives_its_colours_and_the_ends_go_on():
    stored = np.array([[0, 9, 10, 11, 12, 200]], np.uint8)
    colours = [[0xFF00, 0, 0], [0, 0x8080, 0], [0x0100, 0x0203, 0xFFFF]]
    image = ToRgb(make_dataset(stored, "PALETTE COLOR", **palette_of(colours, first=10)))(stored, "PALETTE COLOR")
    red, green, blue = [255, 0, 0], [0, 128, 0], [1, 2, 255]
    assert image[0].tolist() == [red, red, red, green, blue, blue]


@pytest.mark.parametrize(("bits", "dtype"), [(8, "u1"), (8, "<u2")])
def test_entries_of_eight_bits_in_bytes_or_words(bits, dtype):
    stored = np.array([[0, 1]], np.uint8)
    colours = [[1, 2, 3], [250, 0, 128]]
    dataset = make_dataset(stored, "PALETTE COLOR", **palette_of(colours, bits, dtype=dtype))
    image = ToRgb(dataset)(stored, "PALETTE COLOR")
    assert image[0].tolist() == colours


def test_a_palette_of_a_big_endian_file_lies_in_big_endian_words():
    stored = np.array([[0, 1]], np.uint8)
    dataset = make_dataset(stored, "PALETTE COLOR", **palette_of([[0x0102, 0, 0], [0, 0x80FF, 0]], dtype=">u2"))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    before = dataset.RedPaletteColorLookupTableData
    assert ToRgb(dataset)(stored, "PALETTE COLOR")[0].tolist() == [[1, 0, 0], [0, 128, 0]]
    assert dataset.RedPaletteColorLookupTableData == before


def test_a_palette_of_sixteen_bit_pixels_has_up_to_65536_colours():
    stored = np.array([[0, 300, 65535]], np.uint16)
    ramp = np.arange(2**16)[:, None].repeat(3, axis=1)
    image = ToRgb(make_dataset(stored, "PALETTE COLOR", **palette_of(ramp, num=0)))(stored, "PALETTE COLOR")
    assert image[0, :, 0].tolist() == [0, 1, 255]


def test_colours_stay_as_they_are():
    stored = noise(3, 4, 3)
    np.testing.assert_array_equal(ToRgb(make_dataset(stored, "RGB"))(stored.copy(), "RGB"), stored)


def test_ybr_is_converted_strip_by_strip_as_pydicom_converts_it_at_once():
    stored = noise(600, 4, 3)
    expected = convert_color_space(stored, "YBR_FULL", "RGB")
    np.testing.assert_array_equal(ToRgb(make_dataset(stored, "YBR_FULL"))(stored.copy(), "YBR_FULL"), expected)
    assert (expected != stored).mean() > 0.9


def test_what_cannot_be_shown_is_an_error():
    stored = noise(3, 4)
    with pytest.raises(ValueError, match="do not fit"):
        ToRgb(make_dataset(stored, "HSV"))
    with pytest.raises(KeyError):
        ToRgb(make_dataset(stored, "PALETTE COLOR"))
