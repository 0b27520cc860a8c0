import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import SecondaryCaptureImageStorage, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from keras_hanet.dicom.derived import (
    checked_frames,
    describe_pixels,
    laterality_of,
    new_object,
    num_frames_of,
    reference,
    referenced_series,
    save,
)
from keras_hanet.errors import InputError
from keras_hanet.version import __version__


def make_source(**attributes):
    source = Dataset()
    source.SOPClassUID, source.SOPInstanceUID = UltrasoundImageStorage, "1.2.3.4.5"
    source.StudyInstanceUID, source.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    for name, value in attributes.items():
        setattr(source, name, value)
    return source


def make_object(source):
    return new_object(source, SecondaryCaptureImageStorage, "OT", 7, "Overlay")


def test_an_object_belongs_to_the_study_and_is_a_series_of_its_own():
    source = make_source(PatientName="Doe^Jane", PatientID="7", StudyDate="20250102", StudyID="12")
    first, second = make_object(source), make_object(source)
    assert (first.PatientName, first.PatientID, first.StudyDate, first.StudyID) == ("Doe^Jane", "7", "20250102", "12")
    assert first.StudyInstanceUID == "1.2.3"
    assert len({made.SeriesInstanceUID for made in (source, first, second)}) == 3
    assert len({made.SOPInstanceUID for made in (source, first, second)}) == 3


def test_an_object_says_what_made_it_and_what_for():
    made = make_object(make_source())
    assert (made.Manufacturer, made.ManufacturerModelName) == ("keras-hanet", "keras-hanet")
    assert made.SoftwareVersions == __version__
    assert made.SeriesDescription == "Overlay. Research use only, not a medical device."
    assert made.ContentQualification == "RESEARCH"
    assert made.ContentDate == made.SeriesDate == made.InstanceCreationDate
    assert made.ContentDate >= "20260101"


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_source_without_a_uid_is_refused_in_a_sentence(name, is_there):
    source = make_source(PatientName="Doe^Jane")
    if is_there:
        setattr(source, name, "")
    else:
        delattr(source, name)
    with pytest.raises(InputError, match=f"it has no {name}; export it again") as error:
        make_object(source)
    assert "Doe" not in str(error.value)


def test_what_the_standard_asks_for_is_there_and_empty_where_the_source_is_silent(tmp_path):
    made = make_object(make_source())
    save(tmp_path / "object.dcm", made)
    read = dcmread(tmp_path / "object.dcm")
    for name in (
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
        *("ReferringPhysicianName", "StudyID", "AccessionNumber"),
    ):
        assert name in read
        assert not read[name].value, name


@pytest.mark.parametrize(("charset", "name"), [("ISO_IR 100", "Müller^Zoë"), ("ISO_IR 192", "山田^太郎")])
def test_a_name_in_another_script_stays_readable(tmp_path, charset, name):
    source = make_source(SpecificCharacterSet=charset, PatientName=name)
    source.save_as(tmp_path / "source.dcm", implicit_vr=False, little_endian=True)
    save(tmp_path / "object.dcm", make_object(dcmread(tmp_path / "source.dcm", force=True)))
    assert dcmread(tmp_path / "object.dcm").PatientName == name


def test_lost_detail_of_the_source_is_told_on():
    made, source = Dataset(), make_source(LossyImageCompression="01", LossyImageCompressionRatio=12.5)
    describe_pixels(made, source, (4, 6, 3), 8, "RGB")
    assert (made.LossyImageCompression, made.LossyImageCompressionRatio) == ("01", 12.5)
    assert (made.Rows, made.Columns, made.SamplesPerPixel, made.BitsStored, made.HighBit) == (4, 6, 3, 8, 7)
    describe_pixels(made, make_source(), (4, 6, 1), 1, "MONOCHROME2")
    assert made.LossyImageCompression == "00"


def test_a_film_is_referred_to_by_frame_and_a_still_is_not():
    still, film = make_source(), make_source(SOPClassUID=UltrasoundMultiFrameImageStorage, NumberOfFrames=3)
    assert (num_frames_of(still), num_frames_of(film)) == (1, 3)
    assert "ReferencedFrameNumber" not in reference(still, 1)
    assert "ReferencedFrameNumber" not in reference(film)
    assert reference(film, 2).ReferencedFrameNumber == 2
    (series,) = referenced_series([film])
    assert series.SeriesInstanceUID == "1.2.3.4"
    assert series.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.5"


@pytest.mark.parametrize(
    ("attributes", "side"),
    [
        ({}, None),
        ({"Laterality": "L"}, "L"),
        ({"Laterality": "L", "ImageLaterality": "R"}, "R"),
        ({"Laterality": ""}, None),
        ({"Laterality": "B"}, None),
    ],
)
def test_the_side_is_what_the_image_says(attributes, side):
    assert laterality_of(make_source(**attributes)) == side


@pytest.mark.parametrize(
    "frames",
    [
        [np.zeros((2, 3), np.uint8)],
        [np.zeros((2, 3), np.uint8)] * 3,
        [np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8)],
        [np.zeros((2, 3), np.uint8), np.zeros((2, 3), bool)],
    ],
    ids=["too few", "too many", "another shape", "another dtype"],
)
def test_frames_that_do_not_fit_the_source_are_refused(frames):
    with pytest.raises(ValueError, match="Received"):
        list(checked_frames(frames, (2, 3), 2))


def test_pixels_that_fail_leave_no_file(tmp_path):
    def chunks():
        yield b"\1\2"
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        save(tmp_path / "object.dcm", make_object(make_source()), chunks())
    assert not list(tmp_path.iterdir())


def test_pixels_are_padded_to_an_even_length(tmp_path):
    made = make_object(make_source())
    save(tmp_path / "object.dcm", made, [b"\1", b"\2\3"])
    with open(tmp_path / "object.dcm", "rb") as file:
        assert file.read().endswith(b"\4\0\0\0\1\2\3\0")
    assert "PixelData" not in made
