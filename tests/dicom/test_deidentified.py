import numpy as np
import pytest
from dicom_phantoms import BANNER, write_phantom_dicom
from PIL import Image

from keras_hanet.dicom.deidentified import DeidentifiedSource
from keras_hanet.dicom.deidentify import Deidentifier
from keras_hanet.errors import InputError
from keras_hanet.sources import open_source


@pytest.mark.parametrize(("num_frames", "names"), [(1, ["7"]), (3, ["7#0", "7#1", "7#2"])])
def test_frames_are_black_outside_the_scan_and_called_by_the_new_name(tmp_path, num_frames, names):
    write_phantom_dicom(tmp_path / "paula.dcm", num_frames)
    source = open_source(tmp_path / "paula.dcm")
    nameless = DeidentifiedSource(source, "7", Deidentifier())
    frames = list(nameless.frames())
    assert [frame.name for frame in frames] == names
    assert (nameless.name, nameless.kind, nameless.num_frames) == ("7", "dicom", num_frames)
    for frame, original in zip(frames, source.frames(), strict=True):
        assert original.image[:BANNER].any()
        assert not frame.image[:BANNER].any()
        np.testing.assert_array_equal(frame.scan, original.scan)
        assert frame.time_s == original.time_s


def test_its_header_names_nobody(tmp_path):
    write_phantom_dicom(tmp_path / "paula.dcm")
    nameless = DeidentifiedSource(open_source(tmp_path / "paula.dcm"), "7", Deidentifier())
    assert "Phantom" not in str(nameless.dataset)
    assert nameless.dataset.PatientIdentityRemoved == "YES"


def test_an_image_without_a_known_scan_area_is_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    nameless = DeidentifiedSource(open_source(tmp_path / "a.png"), "7", Deidentifier())
    with pytest.raises(InputError, match="expected an image whose scan area is known"):
        next(nameless.frames())
