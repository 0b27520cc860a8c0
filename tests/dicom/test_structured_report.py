import numpy as np
import pytest
from highdicom.sr import srread
from pydicom import dcmread
from pydicom.sr.codedict import codes
from small_model import METADATA

from keras_hanet.analysis.analysis import Analysis
from keras_hanet.analysis.flags import FLAGS
from keras_hanet.dicom.segmentation import write_segmentation
from keras_hanet.dicom.structured_report import write_structured_report
from keras_hanet.errors import InputError
from keras_hanet.frame import Frame
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions
from keras_hanet.version import __version__


def analyse_mask(mask, area=None, flags=(), doubtful=None):
    """What an analysis says if the model outlines the mask."""
    frame = Frame(np.repeat(mask[..., None], 3, axis=-1), "source.dcm", area)
    prediction = Prediction(mask.astype(np.float32), mask)
    return Analysis(frame, prediction, measure_lesions(mask, area), flags, doubtful=doubtful)


def draw_boxes(dataset, *boxes):
    """A mask of the source's size with rectangles (top, left, height, width)."""
    mask = np.zeros((dataset.Rows, dataset.Columns), np.uint8)
    for top, left, height, width in boxes:
        mask[top : top + height, left : left + width] = 1
    return mask


def write(path, source, *analyses, segmentation=None):
    """Write a report on the first frames and read it back: the document and its groups of measurements."""
    return write_on(path, source, dict(enumerate(analyses)), segmentation)


def write_on(path, source, reported, segmentation=None):
    """The same for frames by their number."""
    write_structured_report(path, source[0], reported, METADATA, segmentation)
    document = srread(path)
    groups = document.content.get_planar_roi_measurement_groups()
    return document, groups or document.content.get_image_measurement_groups()


def read_numbers(group):
    return {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}


def read_comments(document):
    return [
        item.TextValue
        for item in document.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Comment"
    ]


def read_evidence(document):
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    return [series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for series in study.ReferencedSeriesSequence]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sr.dcm"


def test_the_numbers_are_those_a_person_measures_on_the_screen(path, still):
    # 10 rows of 0.25 mm, 20 columns of 0.2 mm.
    mask = draw_boxes(still[0], (40, 40, 10, 20))
    _, (group,) = write(path, still, analyse_mask(mask, still[2]))
    numbers = read_numbers(group)
    assert numbers["Depth"] == (2.5, "mm")
    assert numbers["Width"] == (4.0, "mm")
    assert numbers["Area"] == (10.0, "mm2")
    lesion = measure_lesions(mask, still[2])[0]
    assert numbers["Long axis"] == (round(lesion.long_axis_mm, 3), "mm")
    assert numbers["Short axis"] == (round(lesion.short_axis_mm, 3), "mm")
    assert numbers["Perimeter"] == (round(lesion.perimeter_mm, 3), "mm")
    assert len(numbers) == 6


def test_without_the_size_of_a_pixel_everything_is_in_pixels(path, uncalibrated):
    mask = draw_boxes(uncalibrated[0], (40, 40, 10, 20))
    _, (group,) = write(path, uncalibrated, analyse_mask(mask))
    numbers = read_numbers(group)
    assert numbers["Depth"] == (10, "{pixels}")
    assert numbers["Width"] == (20, "{pixels}")
    assert numbers["Area"] == (200, "{pixels}")
    assert {unit for _, unit in numbers.values()} == {"{pixels}"}


def test_a_lesion_that_is_cut_off_has_no_millimetres(path, still):
    mask = draw_boxes(still[0], (still[2].top, 40, 10, 20))
    _, (group,) = write(path, still, analyse_mask(mask, still[2]))
    assert read_numbers(group)["Depth"] == (10, "{pixels}")


@pytest.mark.parametrize(
    ("height", "width", "code"), [(10, 20, "111355"), (20, 10, "111356")], ids=["parallel", "not parallel"]
)
def test_the_orientation_is_coded_as_in_bi_rads(path, still, height, width, code):
    mask = draw_boxes(still[0], (30, 40, height, width))
    _, (group,) = write(path, still, analyse_mask(mask, still[2]))
    (evaluation,) = group.get_qualitative_evaluations(codes.DCM.Orientation)
    assert (evaluation.name.value, evaluation.value.value) == ("111354", code)
    assert evaluation.value.scheme_designator == "DCM"


def test_a_lesion_refers_to_its_segment(path, tmp_path, still):
    mask = draw_boxes(still[0], (40, 40, 10, 20))
    segmentation = write_segmentation(tmp_path / "seg.dcm", still[0], [mask], METADATA)
    document, (group,) = write(path, still, analyse_mask(mask, still[2]), segmentation=segmentation)
    segment, source = group.referenced_segmentation_frame
    assert segment.referenced_sop_instance_uid == segmentation.SOPInstanceUID
    assert segment.referenced_frame_numbers == [1]
    assert source.referenced_sop_instance_uid == still[0].SOPInstanceUID
    assert read_evidence(document) == [still[0].SOPInstanceUID, segmentation.SOPInstanceUID]


def test_several_lesions_are_told_apart_by_their_outlines(path, tmp_path, still):
    mask = draw_boxes(still[0], (40, 40, 10, 20), (60, 30, 5, 6))
    segmentation = write_segmentation(tmp_path / "seg.dcm", still[0], [mask], METADATA)
    document, groups = write(path, still, analyse_mask(mask, still[2]), segmentation=segmentation)
    assert [group.tracking_identifier for group in groups] == ["Frame 1, lesion 1", "Frame 1, lesion 2"]
    assert len({group.tracking_uid for group in groups}) == 2
    corners = [{tuple(corner) for corner in group.roi.value} for group in groups]
    assert corners[0] == {(40, 40), (60, 40), (60, 50), (40, 50)}
    assert corners[1] == {(30, 60), (36, 60), (36, 65), (30, 65)}
    # Nothing in it refers to the segmentation, so it is no evidence of it.
    assert read_evidence(document) == [still[0].SOPInstanceUID]


def test_a_frame_of_a_film_is_referred_to_by_its_number(path, tmp_path, film):
    masks = [draw_boxes(film[0], (40, 40, 10, width)) for width in (5, 9, 20, 20, 3)]
    reported = {2: analyse_mask(masks[2], film[2])}
    segmentation = write_segmentation(tmp_path / "seg.dcm", film[0], masks, METADATA)
    _, (group,) = write_on(path, film, reported, segmentation)
    assert group.tracking_identifier == "Frame 3, lesion 1"
    segment, source = group.referenced_segmentation_frame
    assert (segment.referenced_frame_numbers, source.referenced_frame_numbers) == ([3], [3])
    _, (group,) = write_on(path, film, reported)
    assert group.roi.ContentSequence[0].referenced_frame_numbers == [3]


def test_several_frames_are_reported_in_their_order(path, film):
    reported = {
        number: analyse_mask(draw_boxes(film[0], (40, 40, 10, width)), film[2]) for number, width in ((4, 3), (0, 5))
    }
    _, groups = write_on(path, film, reported)
    assert [group.tracking_identifier for group in groups] == ["Frame 1, lesion 1", "Frame 5, lesion 1"]
    assert [read_numbers(group)["Width"][0] for group in groups] == [1.0, 0.6]


def test_nothing_outlined_is_an_area_of_zero(path, still):
    document, (group,) = write(path, still, analyse_mask(draw_boxes(still[0]), still[2]))
    assert read_numbers(group) == {"Area": (0, "{pixels}")}
    (source,) = group.source_images
    assert source.referenced_sop_instance_uid == still[0].SOPInstanceUID
    assert read_comments(document)[1:] == ["Frame 1: Nothing was outlined."]


def test_what_speaks_against_a_result_is_in_the_report(path, still):
    flag = next(iter(FLAGS))
    mask = draw_boxes(still[0], (40, 40, 10, 20))
    document, _ = write(path, still, analyse_mask(mask, still[2], (flag,), doubtful=True))
    assert read_comments(document) == [
        "Research use only, not a medical device.",
        f"Frame 1: {FLAGS[flag]}",
        "Frame 1: The model doubts this outline: do not rely on it.",
    ]
    document, _ = write(path, still, analyse_mask(mask, still[2], doubtful=False))
    assert read_comments(document) == ["Research use only, not a medical device."]


def test_the_observer_is_a_device_and_nobody_signed(path, still):
    document, (group,) = write(path, still, analyse_mask(draw_boxes(still[0], (40, 40, 10, 20)), still[2]))
    (observer,) = document.content.get_observer_contexts()
    device = observer.observer_identifying_attributes
    assert (device.name, device.manufacturer_name, device.serial_number) == (
        *(f"keras-hanet {METADATA.name}", "keras-hanet"),
        __version__,
    )
    assert (document.VerificationFlag, document.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert group.finding_type == codes.SCT.Mass
    assert group.finding_category == codes.SCT.MorphologicallyAbnormalStructure


@pytest.mark.parametrize(("side", "code"), [("L", codes.SCT.Left), ("R", codes.SCT.Right), ("", None)])
def test_the_finding_lies_in_the_breast_of_the_side_that_the_image_names(path, still, side, code):
    dataset = dcmread(still[0].filename, stop_before_pixels=True)
    dataset.Laterality = side
    mask = draw_boxes(dataset, (40, 40, 10, 20))
    _, (group,) = write(path, (dataset,), analyse_mask(mask, still[2]))
    (site,) = group.finding_sites
    assert (site.value, site.laterality) == (codes.SCT.Breast, code)


@pytest.mark.parametrize("numbers", [(), (-1,), (5,), (0, 7)])
def test_frames_that_the_source_does_not_have_are_refused(path, film, numbers):
    analysis = analyse_mask(draw_boxes(film[0]))
    with pytest.raises(ValueError, match="frames of the source, 0 to 4"):
        write_on(path, film, dict.fromkeys(numbers, analysis))
    assert not path.exists()


def test_a_source_without_a_series_is_refused(path, still):
    dataset = dcmread(still[0].filename, stop_before_pixels=True)
    del dataset.SeriesInstanceUID
    with pytest.raises(InputError, match="SeriesInstanceUID"):
        write(path, (dataset,), analyse_mask(draw_boxes(dataset)))
