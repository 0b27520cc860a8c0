import io
from pathlib import Path

import numpy as np
import pytest
from dicom_phantoms import write_phantom_dicom
from page_reader import Page
from pydicom import dcmread
from served_app import draw_scan, make_predictor, to_file

from keras_hanet.analysis.analysis import analyse
from keras_hanet.app import downloads
from keras_hanet.app.results import Result
from keras_hanet.app.service import Found, Service
from keras_hanet.app.uploads import Upload
from keras_hanet.frame import Frame


@pytest.fixture
def service():
    return Service(make_predictor())


@pytest.fixture
def found(service):
    name = service.analyse_upload(Upload(to_file(draw_scan()), "<b>scan</b>.png"))["id"]
    return lambda threshold=None: service.find(name, threshold)


@pytest.fixture
def still(tmp_path, service):
    """A DICOM still that was analysed, and its dataset."""
    write_phantom_dicom(tmp_path / "still.dcm")
    dataset = dcmread(tmp_path / "still.dcm")
    grey = np.repeat(dataset.pixel_array[..., None], 3, axis=2)
    [analysis] = analyse(service.predictor, [Frame(grey, "still.dcm")])
    del dataset.PixelData
    return Found("NAME", Result(analysis, dataset), analysis, None)


def test_the_page_of_a_report_is_of_this_image_and_escapes_its_name(service, found):
    page = downloads.report_html(found(), service).decode()
    Page(page)
    assert "&lt;b&gt;scan&lt;/b&gt;.png" in page
    assert "grey is probability" in page
    assert "200 px" in page
    assert "own is" not in page


def test_a_report_at_another_threshold_says_so(service, found):
    page = downloads.report_html(found(0.9), service).decode()
    assert "Model grey is probability (threshold 0.9, own is 0.5)," in page
    assert "32 px" in page
    assert "200 px" not in page


def test_a_long_name_of_a_model_does_not_push_the_threshold_out(service, found):
    service.model_name = "runs/" + "very-long-name/" * 20
    assert "(threshold 0.9, own is 0.5)," in downloads.report_html(found(0.9), service).decode()


def test_the_pdf_is_a_pdf_of_one_page(service, found):
    page = downloads.report_pdf(found(), service)
    assert page.startswith(b"%PDF-")
    assert page.count(b"/Type /Page\n") == 1


def parameters_of(made):
    return made.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters


def test_a_segmentation_holds_the_mask_and_belongs_to_its_image(service, still):
    made = dcmread(io.BytesIO(downloads.segmentation(still, service)))
    assert made.Modality == "SEG"
    assert made.StudyInstanceUID == still.result.dataset.StudyInstanceUID
    np.testing.assert_array_equal(made.pixel_array, still.analysis.prediction.mask)
    assert still.analysis.prediction.mask.any()
    assert "threshold=0.5" in parameters_of(made)


def test_a_segmentation_at_another_threshold_says_so(service, still):
    other = Found("NAME", still.result, still.analysis, 0.9)
    assert "threshold=0.9" in parameters_of(dcmread(io.BytesIO(downloads.segmentation(other, service))))


def test_nothing_is_left_behind(service, found, still, monkeypatch, tmp_path):
    monkeypatch.setattr(downloads, "MEMORY", tmp_path)
    (tmp_path / "still.dcm").unlink()
    for write in (downloads.report_html, downloads.report_pdf):
        write(found(), service)
    downloads.segmentation(still, service)
    assert list(tmp_path.iterdir()) == []


def test_a_system_without_a_folder_in_memory_takes_its_own_temporary_one(service, found, monkeypatch):
    monkeypatch.setattr(downloads, "MEMORY", Path("/not/there"))
    assert downloads.report_pdf(found(), service).startswith(b"%PDF-")
