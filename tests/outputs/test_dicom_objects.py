import numpy as np
from dicom_phantoms import write_phantom_dicom
from pydicom import dcmread

from keras_hanet.analysis.analysis import analyse
from keras_hanet.drawing import draw_overlay
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata
from keras_hanet.outputs.dicom_objects import OVERLAY, REPORT, SEGMENTATION, write_dicom_objects
from keras_hanet.sources import open_source

METADATA = Metadata(64, 0.5, 0.0, "bright")


def test_the_objects_of_a_film_are_of_one_study_and_refer_to_its_frames(tmp_path):
    masks = write_phantom_dicom(tmp_path / "film.dcm", num_frames=3, height=61, width=83)
    source = open_source(tmp_path / "film.dcm")
    frames = list(source.frames())
    predictor = Predictor.from_function(lambda images: images[..., 0] / 255, METADATA)
    [analysis] = analyse(predictor, [frames[1]])
    write_dicom_objects(tmp_path / "out", source, list(masks), {1: analysis}, METADATA)
    segmentation, report, overlay = (dcmread(tmp_path / "out" / name) for name in (SEGMENTATION, REPORT, OVERLAY))
    assert {made.StudyInstanceUID for made in (segmentation, report, overlay)} == {source.dataset.StudyInstanceUID}
    np.testing.assert_array_equal(segmentation.pixel_array, masks)
    expected = [draw_overlay(frame.image, mask) for frame, mask in zip(frames, masks, strict=True)]
    np.testing.assert_array_equal(overlay.pixel_array, expected)
    frames_named = {element.value for element in report.iterall() if element.keyword == "ReferencedFrameNumber"}
    assert frames_named == {2}  # counted from 1
    assert source.dataset.SOPInstanceUID in str(report)
