import numpy as np
import pytest
from pydicom import DataElement, Dataset, dcmread
from pydicom.config import disable_value_validation
from pydicom.datadict import DicomDictionary, tag_for_keyword
from pydicom.tag import Tag
from pydicom.uid import UltrasoundMultiFrameImageStorage
from small_model import METADATA

from keras_hanet.dicom.deidentify import Deidentifier, blank_outside
from keras_hanet.dicom.secondary_capture import write_overlay
from keras_hanet.dicom.segmentation import write_segmentation
from keras_hanet.errors import InputError
from keras_hanet.frame import ScanArea

# What a telltale attribute holds, for each kind that can name a person, a place or a day.
TELLTALES = {
    **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"), "TELLTALE"),
    **dict.fromkeys(("DA", "DT"), "19410709"),
    **{"TM": "174109", "AS": "085Y", "UI": "1.2.19410709.174109"},
}
TIMING = {"FrameTime": 40.0, "FrameIncrementPointer": 0x00181063}


def make_telltale(num_frames=2):
    """A source in which every attribute of the standard that can hold text, a date or a UID gives the patient away."""
    source = Dataset()
    with disable_value_validation():
        for tag, (vr, multiplicity, _, is_retired, keyword) in DicomDictionary.items():
            if vr in TELLTALES and keyword and Tag(tag).group not in (0, 2) and not is_retired:
                value = TELLTALES[vr]
                source.add(DataElement(tag, vr, [value, value] if multiplicity.startswith("2") else value))
        block = source.private_block(0x0011, "TELLTALE", create=True)
        block.add_new(1, "LO", "TELLTALE")
    person = Dataset()
    person.PatientName = "TELLTALE"
    source.OtherPatientIDsSequence = source.RequestAttributesSequence = [person]
    source.SpecificCharacterSet = "ISO_IR 192"
    source.SOPClassUID = UltrasoundMultiFrameImageStorage
    source.Rows, source.Columns, source.NumberOfFrames = 8, 9, num_frames
    source.BurnedInAnnotation, source.Laterality, source.ImageLaterality = "YES", "L", "L"
    source.LossyImageCompression, source.LossyImageCompressionMethod = "01", "ISO_10918_1"
    source.LossyImageCompressionRatio = 12.0
    for name, value in TIMING.items():
        setattr(source, name, value)
    return source


def find_telltales(path):
    content = path.read_bytes()
    return [word for word in (b"TELLTALE", b"19410709", b"174109", b"085Y") if word in content]


def write_both(folder, source):
    folder.mkdir()
    write_segmentation(folder / "seg.dcm", source, np.zeros((2, 8, 9), np.uint8), METADATA)
    write_overlay(folder / "sc.dcm", source, np.zeros((2, 8, 9, 3), np.uint8))
    return folder / "seg.dcm", folder / "sc.dcm"


def test_nothing_that_a_header_can_hold_passes(tmp_path):
    source = make_telltale()
    assert len(source) > 1500
    for path in write_both(tmp_path / "named", source):
        assert find_telltales(path), "a source that gives nothing away tests nothing"
    for path in write_both(tmp_path / "nameless", Deidentifier().replace_header(source)):
        assert not find_telltales(path)


def test_what_was_written_says_how_the_patient_was_taken_out(tmp_path):
    for path in write_both(tmp_path / "nameless", Deidentifier().replace_header(make_telltale())):
        read = dcmread(path)
        assert read.PatientIdentityRemoved == "YES"
        (code,) = read.DeidentificationMethodCodeSequence
        assert (code.CodeValue, code.CodingSchemeDesignator) == ("113100", "DCM")
        assert "header replaced" in read.DeidentificationMethod[0]


def test_no_date_passes_neither_the_patients_nor_todays(tmp_path):
    for path in write_both(tmp_path / "nameless", Deidentifier().replace_header(make_telltale())):
        read = dcmread(path)
        dates = {element.keyword: element.value for element in read.iterall() if element.VR in ("DA", "DT")}
        assert dates == {"StudyDate": "", "PatientBirthDate": "", "ContentDate": "19000101"}
        assert read.LongitudinalTemporalInformationModified == "REMOVED"


def test_what_belonged_together_still_does_within_a_call_and_never_in_the_next():
    first, second = make_telltale(), make_telltale()
    second.SOPInstanceUID = "1.2.19410709.99"
    deidentifier = Deidentifier()
    one, two, again = (deidentifier.replace_header(source) for source in (first, second, first))
    assert one.StudyInstanceUID == two.StudyInstanceUID != first.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SOPInstanceUID == again.SOPInstanceUID
    assert one.PatientID == two.PatientID
    other = Deidentifier().replace_header(first)
    assert other.StudyInstanceUID != one.StudyInstanceUID
    assert other.PatientID != one.PatientID


def test_two_patients_stay_two():
    deidentifier, other = Deidentifier(), make_telltale()
    other.PatientID = "8"
    assert deidentifier.replace_header(make_telltale()).PatientID != deidentifier.replace_header(other).PatientID


def test_patients_without_a_number_are_told_apart_by_their_study():
    deidentifier, first, second = Deidentifier(), make_telltale(), make_telltale()
    first.PatientID = second.PatientID = ""
    second.StudyInstanceUID = "1.2.3"
    assert deidentifier.replace_header(first).PatientID != deidentifier.replace_header(second).PatientID


def test_size_frames_and_timing_stay_and_the_source_is_not_changed():
    source = make_telltale()
    replaced = Deidentifier().replace_header(source)
    assert (replaced.Rows, replaced.Columns, replaced.NumberOfFrames) == (8, 9, 2)
    assert all(replaced[name].value == value for name, value in TIMING.items())
    assert source.PatientID == "TELLTALE"


def test_a_uid_that_the_source_lacks_is_not_made_up():
    source = make_telltale()
    del source.StudyInstanceUID
    replaced = Deidentifier().replace_header(source)
    assert "StudyInstanceUID" not in replaced
    assert tag_for_keyword("SOPInstanceUID") in replaced


def test_the_picture_is_black_outside_the_scan_area():
    image = np.random.default_rng(0).integers(1, 256, (20, 30, 3), dtype=np.uint8)
    before, area = image.copy(), ScanArea(top=3, left=5, height=10, width=12)
    blanked = blank_outside(image, area)
    np.testing.assert_array_equal(blanked[3:13, 5:17], image[3:13, 5:17])
    assert np.count_nonzero(blanked.any(axis=-1)) == 10 * 12
    np.testing.assert_array_equal(image, before)


def test_a_picture_whose_scan_area_is_not_known_is_refused():
    with pytest.raises(InputError, match="leave it out, or the de-identification"):
        blank_outside(np.zeros((2, 3, 3), np.uint8), None)
