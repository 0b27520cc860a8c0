
import numpy as np
import pytest
from dicom_variants import real_file
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import pixel_array

from keras_hanet.dicom.lossless import DECODER_DEPENDENCIES, PLUGIN, is_available

FILES = [
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
]


@pytest.mark.parametrize("name", FILES)
def test_frames_are_those_that_gdcm_decodes(name):
    np.testing.assert_array_equal(
        pixel_array(real_file(name), decoding_plugin=PLUGIN), pixel_array(real_file(name), decoding_plugin="gdcm")
    )


def test_a_lossless_copy_is_the_original():
    decoded = pixel_array(real_file("MR_small_jpeg_ls_lossless.dcm"), decoding_plugin=PLUGIN)
    np.testing.assert_array_equal(decoded, dcmread(real_file("MR_small.dcm")).pixel_array)


@pytest.mark.parametrize("name", FILES)
def test_damage_raises_and_does_not_end_the_process(name):
    """GDCM 3.2.6 aborts at the first of these headers, and so would this test."""
    dataset = dcmread(real_file(name))
    codestream = next(generate_frames(dataset.PixelData, number_of_frames=1))
    rng = np.random.default_rng(0)
    num_raised = 0
    for _ in range(40):
        damaged = bytearray(codestream)
        damaged[rng.integers(2, min(60, len(damaged)))] = rng.integers(256)
        dataset.PixelData = encapsulate([bytes(damaged)])
        try:
            pixel_array(dataset, decoding_plugin=PLUGIN)
        except Exception:
            num_raised += 1
    assert num_raised >= 10
    dataset.PixelData = encapsulate([codestream[: len(codestream) // 2]])
    with pytest.raises(RuntimeError, match="Unable to decode"):
        pixel_array(dataset, decoding_plugin=PLUGIN)


def test_it_says_what_it_decodes():
    assert all(is_available(syntax) for syntax in DECODER_DEPENDENCIES)
    assert not is_available("1.2.840.10008.1.2.4.50")
