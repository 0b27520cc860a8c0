"""What others say of the objects: a validator and an archive, on drawn sources and on files of real scanners."""

import logging
import shutil
import subprocess
from copy import deepcopy

import numpy as np
import pytest
from dicom_phantoms import write_phantom_dicom
from orthanc_server import Orthanc
from pydicom import dcmread
from pydicom.config import disable_value_validation
from pydicom.data import get_testdata_file
from small_model import METADATA

from keras_hanet.analysis.analysis import Analysis
from keras_hanet.dicom.deidentify import Deidentifier
from keras_hanet.dicom.secondary_capture import write_overlay
from keras_hanet.dicom.segmentation import write_segmentation
from keras_hanet.dicom.structured_report import write_structured_report
from keras_hanet.drawing import draw_overlay
from keras_hanet.frame import Frame
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions

# Ultrasound of real scanners, anonymised by their owners: grey, RGB, palette, JPEG, compressed with loss, a film of 30
# frames.
REAL = (
    *("JPGLosslessP14SV1_1s_1f_8b.dcm", "examples_rgb_color.dcm", "examples_palette.dcm", "examples_jpeg2k.dcm"),
    *("US1_UNCI.dcm", "examples_ybr_color.dcm"),
)


def write_all(folder, dataset, masks, area=None):
    """Write every kind of object of a source, and give their paths."""
    folder.mkdir(exist_ok=True)
    pictures = [draw_overlay(np.repeat(mask[..., None] * 90, 3, axis=-1), mask) for mask in masks]
    analyses = {}
    for number, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        frame, prediction = Frame(picture, "source.dcm", area), Prediction(mask.astype(np.float32), mask)
        analyses[number] = Analysis(frame, prediction, measure_lesions(mask, area), ("text",))
    segmentation = write_segmentation(folder / "segmentation.dcm", dataset, masks, METADATA)
    write_structured_report(folder / "report.dcm", dataset, {0: analyses[0]}, METADATA, segmentation)
    write_structured_report(folder / "report-alone.dcm", dataset, analyses, METADATA)
    write_overlay(folder / "overlay.dcm", dataset, pictures)
    return sorted(folder.glob("*.dcm"))


def draw_masks(dataset, *boxes):
    """Masks of the source's frames with rectangles (top, left, height, width) in all."""
    masks = np.zeros((int(dataset.get("NumberOfFrames", 1)), dataset.Rows, dataset.Columns), np.uint8)
    for top, left, height, width in boxes:
        masks[:, top : top + height, left : left + width] = 1
    return masks


@pytest.mark.parametrize("deidentified", [False, True], ids=["named", "nameless"])
@pytest.mark.parametrize("name", ["still", "film", "uncalibrated"])
def test_the_validator_finds_no_error(tmp_path, request, find_errors, name, deidentified):
    dataset, masks, area = request.getfixturevalue(name)
    if deidentified:
        dataset = Deidentifier().replace_header(dataset)
    paths = write_all(tmp_path / "objects", dataset, masks, area)
    assert len(paths) == 4
    assert [(path.name, find_errors(path)) for path in paths] == [(path.name, []) for path in paths]


@pytest.mark.parametrize("boxes", [(), ((2, 3, 9, 5), (30, 20, 8, 8))], ids=["no lesion", "two lesions"])
def test_the_validator_finds_no_error_whatever_was_outlined(tmp_path, film, find_errors, boxes):
    for path in write_all(tmp_path / "objects", film[0], draw_masks(film[0], *boxes), film[2]):
        assert find_errors(path) == []


def test_the_validator_finds_no_error_if_the_class_of_the_source_was_retired_long_ago(tmp_path, still, find_errors):
    dataset = deepcopy(still[0])
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6"  # Ultrasound Image Storage of 1992
    for path in write_all(tmp_path / "objects", dataset, still[1], still[2]):
        assert find_errors(path) == []


def test_the_validator_would_find_an_error(tmp_path, still, find_errors):
    dataset, masks, _ = still
    path = tmp_path / "segmentation.dcm"
    write_segmentation(path, dataset, masks, METADATA)
    damaged = dcmread(path)
    del damaged.SegmentSequence
    damaged.save_as(path)
    assert any("SegmentSequence" in error for error in find_errors(path))


@pytest.mark.parametrize("name", REAL)
def test_the_validator_finds_no_error_in_what_is_made_of_a_real_scanners_file(tmp_path, find_errors, name):
    dataset = dcmread(get_testdata_file(name, download=False), stop_before_pixels=True)
    for path in write_all(tmp_path / "objects", dataset, draw_masks(dataset, (9, 8, 20, 30))):
        assert find_errors(path) == []


# Values that the standard does not allow and that scanners and clerks write.
ODD = {
    **{"PatientName": "Bono", "PatientSex": "FEMALE", "PatientBirthDate": "1970-01-02", "PatientID": "7" * 70},
    **{"StudyDate": "2 Jan 2025", "StudyTime": "noon", "AccessionNumber": "A" * 40, "Laterality": "left side of it"},
    **{"StudyInstanceUID": "1.02.3", "SeriesInstanceUID": "1.02.4", "SOPInstanceUID": "1.02.5"},
}


@pytest.mark.parametrize("deidentified", [False, True], ids=["named", "nameless"])
def test_odd_values_pass_as_they_are_and_nothing_is_said_of_them(tmp_path, film, caplog, capfd, deidentified):
    with disable_value_validation():
        dataset = deepcopy(film[0])
        for name, value in ODD.items():
            setattr(dataset, name, value)
        dataset.save_as(tmp_path / "source.dcm")
    dataset = dcmread(tmp_path / "source.dcm", stop_before_pixels=True)
    caplog.set_level(logging.DEBUG)
    # Warnings are errors here, and those of pydicom and highdicom hold the value.
    if deidentified:
        dataset = Deidentifier().replace_header(dataset)
    paths = write_all(tmp_path / "objects", dataset, film[1], film[2])
    assert not [record for record in caplog.records if record.name.startswith(("pydicom", "highdicom"))]
    assert capfd.readouterr() == ("", "")
    with disable_value_validation():
        for path in paths:
            read = dcmread(path)
            for name in ("PatientName", "PatientSex", "PatientBirthDate", "StudyDate", "StudyInstanceUID"):
                assert (read.get(name) == ODD[name]) != deidentified, name


@pytest.mark.parametrize("deidentified", [False, True], ids=["named", "nameless"])
@pytest.mark.parametrize("num_frames", [1, 4])
def test_an_archive_keeps_every_byte_and_files_them_under_the_study(tmp_path, orthanc, num_frames, deidentified):
    path = tmp_path / "source.dcm"
    masks = write_phantom_dicom(path, num_frames, height=61, width=83, seed=100 + num_frames)
    dataset = dcmread(path, stop_before_pixels=True)
    studies = {orthanc.get_json(f"/instances/{orthanc.store(path.read_bytes())}/study")["ID"]}
    if deidentified:
        dataset, studies = Deidentifier().replace_header(dataset), set()
    for written in write_all(tmp_path / "objects", dataset, masks):
        number = orthanc.store(written.read_bytes())
        assert orthanc.fetch(number) == written.read_bytes()
        studies.add(orthanc.get_json(f"/instances/{number}/study")["ID"])
    (study,) = studies
    tags = orthanc.get_json(f"/studies/{study}")
    assert (tags["PatientMainDicomTags"]["PatientName"] == f"Phantom^Paula {100 + num_frames}") != deidentified


def test_an_archive_shows_the_pictures_of_an_overlay(tmp_path, orthanc, film):
    dataset, masks, _ = film
    write_all(tmp_path / "objects", dataset, masks)
    number = orthanc.store((tmp_path / "objects" / "overlay.dcm").read_bytes())
    assert orthanc.get_json(f"/instances/{number}/frames") == [0, 1, 2, 3, 4]
    assert orthanc.get(f"/instances/{number}/frames/4/preview").startswith(b"\x89PNG")


def test_an_archive_takes_them_over_the_network_of_a_clinic(tmp_path, orthanc, uncalibrated):
    storescu = shutil.which("storescu")
    if storescu is None:
        pytest.skip("storescu is not installed (Debian package dcmtk)")
    dataset, masks, _ = uncalibrated
    for path in write_all(tmp_path / "objects", dataset, masks):
        address = [Orthanc.title, "127.0.0.1", str(orthanc.dicom_port)]
        subprocess.run([storescu, "-R", "-aec", *address, str(path)], check=True, timeout=60)
        (number,) = orthanc.find_instances(dcmread(path).SOPInstanceUID)
        assert dcmread_pixels(orthanc.fetch(number), tmp_path) == dcmread_pixels(path.read_bytes(), tmp_path)


def dcmread_pixels(content, folder):
    """The pixels, bytes, of a DICOM file, bytes; None of one without."""
    (folder / "copy.dcm").write_bytes(content)
    return dcmread(folder / "copy.dcm").get("PixelData")
