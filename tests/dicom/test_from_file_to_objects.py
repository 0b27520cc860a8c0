"""`hanet predict` with the shipped model: from a DICOM file to its three objects, held against the tags."""

import csv
import shutil

import highdicom
import numpy as np
import pytest
from dicom_phantoms import BANNER, MARGIN, write_phantom_dicom
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file

from keras_hanet.cli.main import main

# Philips EPIQ 7C and Medison, calibrated: the size of a pixel in cm stands in the tags that are read below.
REAL = ("JPGLosslessP14SV1_1s_1f_8b.dcm", "OBXXXX1A.dcm")
OBJECTS = {"segmentation.dcm", "report.dcm", "overlay.dcm"}


def predict(folder, *words):
    assert main(["predict", str(folder / "in"), "--output", str(folder / "out"), *words]) == 0
    return folder / "out"


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def outlined(tmp_path_factory):
    """A folder with a real file, the same scanner's header with a phantom in it, a film of such, and their results."""
    folder = tmp_path_factory.mktemp("predicted")
    (folder / "in").mkdir()
    for name in REAL:
        shutil.copy(get_testdata_file(name, download=False), folder / "in" / name)
    write_phantom_dicom(folder / "in" / "phantom.dcm", height=300, width=400, spacing_mm=(0.11, 0.09), seed=3)
    write_phantom_dicom(folder / "in" / "film.dcm", num_frames=6, height=240, width=300, seed=4)
    predict(folder, "--report")
    return folder


@pytest.mark.parametrize("name", [*REAL, "phantom.dcm", "film.dcm"])
def test_each_file_has_its_three_objects_and_a_validator_finds_no_error(outlined, name, find_errors):
    folder = outlined / "out" / "dicom" / name.removesuffix(".dcm")
    assert {path.name for path in folder.iterdir()} == OBJECTS
    assert [find_errors(path) for path in folder.iterdir()] == [[], [], []]


@pytest.mark.parametrize("name", [*REAL, "phantom.dcm", "film.dcm"])
def test_an_archive_gives_back_what_it_was_given(outlined, name, orthanc):
    source = outlined / "in" / name
    study = orthanc.get_json(f"/instances/{orthanc.store(source.read_bytes())}/study")["ID"]
    for path in (outlined / "out" / "dicom" / source.stem).iterdir():
        number = orthanc.store(path.read_bytes())
        assert orthanc.fetch(number) == path.read_bytes()
        assert orthanc.get_json(f"/instances/{number}/study")["ID"] == study


def test_millimetres_are_those_of_the_tags(outlined):
    [region] = dcmread(outlined / "in" / "phantom.dcm").SequenceOfUltrasoundRegions
    row_mm, column_mm = 10 * region.PhysicalDeltaY, 10 * region.PhysicalDeltaX
    mask = np.asarray(Image.open(outlined / "out" / "masks" / "phantom.png")) > 0
    rows, columns = np.nonzero(mask)
    [lesion] = [row for row in rows_of(outlined / "out" / "lesions.csv") if row["image"].endswith("phantom.dcm")]
    assert float(lesion["depth_mm"]) == pytest.approx((np.ptp(rows) + 1) * row_mm, abs=1e-4)
    assert float(lesion["transverse_mm"]) == pytest.approx((np.ptp(columns) + 1) * column_mm, abs=1e-4)
    assert float(lesion["area_mm2"]) == pytest.approx(len(rows) * row_mm * column_mm, abs=1e-4)
    assert (row_mm, column_mm) == pytest.approx((0.11, 0.09))


def test_the_outline_lies_over_the_phantoms_lesion_and_not_over_the_banner(tmp_path):
    (tmp_path / "in").mkdir()
    [truth] = write_phantom_dicom(tmp_path / "in" / "phantom.dcm", height=300, width=400, seed=3)
    mask = np.asarray(Image.open(predict(tmp_path) / "masks" / "phantom.png")) > 0
    assert 2 * np.count_nonzero(mask & (truth > 0)) / (mask.sum() + truth.sum()) > 0.85
    [lesion] = rows_of(tmp_path / "out" / "lesions.csv")
    true_depth_mm = np.count_nonzero(truth.any(axis=1)) * 0.25  # by hand, of the drawn mask
    assert float(lesion["depth_mm"]) == pytest.approx(true_depth_mm, rel=0.15)
    assert not mask[:BANNER].any()
    assert not mask[:, :MARGIN].any()


def test_the_objects_say_what_the_table_says(outlined):
    folder = outlined / "out" / "dicom" / "phantom"
    mask = np.asarray(Image.open(outlined / "out" / "masks" / "phantom.png")) // 255
    np.testing.assert_array_equal(dcmread(folder / "segmentation.dcm").pixel_array, mask)
    report = highdicom.sr.srread(folder / "report.dcm")
    [group] = report.content.get_planar_roi_measurement_groups()
    [lesion] = [row for row in rows_of(outlined / "out" / "lesions.csv") if row["image"].endswith("phantom.dcm")]
    said = {(item.name.meaning, item.unit.value): float(item.value) for item in group.get_measurements()}
    assert said["Long axis", "mm"] == pytest.approx(float(lesion["long_axis_mm"]), abs=0.01)
    assert said["Area", "mm2"] == pytest.approx(float(lesion["area_mm2"]), abs=0.01)


def test_a_film_has_a_row_a_frame_and_an_overlay_that_plays(outlined):
    import av

    rows = [row for row in rows_of(outlined / "out" / "measures.csv") if row["image"].endswith("film.dcm")]
    assert [row["frame"] for row in rows] == list("012345")
    assert [float(row["time_s"]) for row in rows] == pytest.approx([0.04 * number for number in range(6)])
    with av.open(str(outlined / "out" / "overlays" / "film.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 6
    segmentation = dcmread(outlined / "out" / "dicom" / "film" / "segmentation.dcm").pixel_array
    assert segmentation.sum(axis=(1, 2)).tolist() == [int(row["lesion_area_px"]) for row in rows]


def test_deidentified_results_name_nobody(tmp_path):
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "Phantom Paula.dcm", height=200, width=240, seed=7)
    output = predict(tmp_path, "--deidentify", "--report")
    written = [path for path in output.rglob("*") if path.is_file()]
    assert len(written) == 9
    for path in written:
        assert "Paula" not in str(path.relative_to(output))
        content = path.read_bytes()
        assert not any(word in content for word in (b"Paula", b"PHANTOM-7", b"19700102"))
    overlay = np.asarray(Image.open(output / "overlays" / "00001.png"))
    assert not overlay[:BANNER].any()
    np.testing.assert_array_equal(dcmread(output / "dicom" / "00001" / "overlay.dcm").pixel_array, overlay)


def test_an_image_whose_scan_area_is_not_known_is_not_deidentified(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    Image.new("L", (30, 30)).save(tmp_path / "in" / "a.png")
    assert main(["predict", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--deidentify"]) == 2
    assert "expected an image whose scan area is known" in capsys.readouterr().err
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
