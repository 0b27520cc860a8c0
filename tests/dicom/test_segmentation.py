import tracemalloc
from copy import deepcopy

import numpy as np
import pytest
from highdicom.seg import segread
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from small_model import METADATA

from keras_hanet.dicom.segmentation import write_segmentation
from keras_hanet.errors import InputError
from keras_hanet.metadata import Metadata
from keras_hanet.version import __version__


def as_code(sequence):
    item = sequence[0]
    return item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning


def test_the_mask_of_a_still_comes_back_bit_for_bit(tmp_path, still):
    dataset, masks, _ = still
    write_segmentation(tmp_path / "seg.dcm", dataset, masks, METADATA)
    read = segread(tmp_path / "seg.dcm").get_pixels_by_source_instance([dataset.SOPInstanceUID])
    assert masks.sum() > 100
    np.testing.assert_array_equal(read[..., 0], masks)


def test_the_masks_of_a_film_come_back_frame_by_frame(tmp_path, film):
    dataset, masks, _ = film
    write_segmentation(tmp_path / "seg.dcm", dataset, iter(masks), METADATA)
    segmentation = segread(tmp_path / "seg.dcm")
    # The frames differ, and 85 x 99 is no multiple of 8: each begins within a byte of the one before.
    assert (masks[0] != masks[1]).any()
    assert masks[0].size % 8 == 7
    for number in (1, 4, 2):
        read = segmentation.get_pixels_by_source_frame(dataset.SOPInstanceUID, [number])
        np.testing.assert_array_equal(read[0, ..., 0], masks[number - 1])
    np.testing.assert_array_equal(dcmread(tmp_path / "seg.dcm").pixel_array, masks)


def test_each_frame_names_the_frame_it_lies_over(tmp_path, film):
    dataset, masks, _ = film
    write_segmentation(tmp_path / "seg.dcm", dataset, masks, METADATA)
    read = dcmread(tmp_path / "seg.dcm")
    pointers = [item.DimensionIndexPointer for item in read.DimensionIndexSequence]
    assert pointers == [tag_for_keyword("ReferencedSegmentNumber"), tag_for_keyword("TemporalPositionIndex")]
    for number, groups in enumerate(read.PerFrameFunctionalGroupsSequence, start=1):
        (source,) = groups.DerivationImageSequence[0].SourceImageSequence
        assert (source.ReferencedSOPInstanceUID, source.ReferencedFrameNumber) == (dataset.SOPInstanceUID, number)
        assert as_code(source.PurposeOfReferenceCodeSequence)[0] == "121322"
        assert groups.FrameContentSequence[0].DimensionIndexValues == [1, number]
        assert groups.FrameContentSequence[0].TemporalPositionIndex == number
    assert number == read.NumberOfFrames == 5
    (series,) = read.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == dataset.SeriesInstanceUID


def test_no_place_in_space_is_made_up(tmp_path, still, film):
    for dataset, masks, _ in (still, film):
        write_segmentation(tmp_path / "seg.dcm", dataset, masks, METADATA)
        read = dcmread(tmp_path / "seg.dcm")
        assert not {"FrameOfReferenceUID", "PixelSpacing"} & set(read.dir())
        assert not read.SharedFunctionalGroupsSequence[0]


def test_a_still_has_no_time_and_no_frame_number(tmp_path, still):
    dataset, masks, _ = still
    write_segmentation(tmp_path / "seg.dcm", dataset, masks, METADATA)
    read = dcmread(tmp_path / "seg.dcm")
    assert len(read.DimensionIndexSequence) == 1
    (groups,) = read.PerFrameFunctionalGroupsSequence
    assert groups.FrameContentSequence[0].DimensionIndexValues == 1
    assert "ReferencedFrameNumber" not in groups.DerivationImageSequence[0].SourceImageSequence[0]


def test_the_segment_is_coded_and_says_which_model_made_it(tmp_path, still):
    dataset, masks, _ = still
    model = Metadata(size=64, threshold=0.4, min_lesion_share=0.001, name="cart", card={})
    write_segmentation(tmp_path / "seg.dcm", dataset, masks, model)
    (segment,) = dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert as_code(segment.SegmentedPropertyCategoryCodeSequence) == (
        *("49755003", "SCT"),
        "Morphologically Abnormal Structure",
    )
    assert as_code(segment.SegmentedPropertyTypeCodeSequence) == ("4147007", "SCT", "Mass")
    assert as_code(segment.AnatomicRegionSequence) == ("76752008", "SCT", "Breast")
    assert (segment.SegmentNumber, segment.SegmentLabel) == (1, "Breast lesion")
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("AUTOMATIC", "keras-hanet cart")
    (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
    assert as_code(algorithm.AlgorithmFamilyCodeSequence) == ("123110", "DCM", "Artificial Intelligence")
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("keras-hanet cart", __version__)
    assert "threshold" in algorithm.AlgorithmParameters
    assert "0.4" in algorithm.AlgorithmParameters


def test_a_long_name_of_a_model_is_cut_to_what_dicom_takes(tmp_path, still):
    dataset, masks, _ = still
    model = Metadata(size=64, threshold=0.5, min_lesion_share=0, name=r"a\b" + "x" * 80, card={})
    write_segmentation(tmp_path / "seg.dcm", dataset, masks, model)
    name = dcmread(tmp_path / "seg.dcm").SegmentSequence[0].SegmentAlgorithmName
    assert name.startswith("keras-hanet a/bx")
    assert len(name) == 64


def test_a_film_without_a_lesion_says_that_it_was_looked_at(tmp_path, film):
    dataset, masks, _ = film
    write_segmentation(tmp_path / "seg.dcm", dataset, np.zeros_like(masks), METADATA)
    read = segread(tmp_path / "seg.dcm").get_pixels_by_source_frame(dataset.SOPInstanceUID, [1, 2, 3, 4, 5])
    assert read.shape == (*masks.shape, 1)
    assert not read.any()


def test_one_bit_a_pixel_and_never_a_film_in_memory(tmp_path, film):
    dataset, _, _ = film
    long = deepcopy(dataset)
    long.Rows, long.Columns, long.NumberOfFrames = 480, 640, 100
    masks = (np.full((480, 640), number % 2, np.uint8) for number in range(100))
    tracemalloc.start()
    write_segmentation(tmp_path / "seg.dcm", long, masks, METADATA)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pixels = 480 * 640 * 100 // 8
    assert pixels < (tmp_path / "seg.dcm").stat().st_size < pixels + 100_000
    # The masks are 30.7 MB, their bits 3.8 MB.
    assert peak < 3.8e6


def test_what_it_returns_tells_a_report_what_to_refer_to(tmp_path, still):
    dataset, masks, _ = still
    made = write_segmentation(tmp_path / "seg.dcm", dataset, masks, METADATA)
    read = dcmread(tmp_path / "seg.dcm")
    assert (made.SOPInstanceUID, made.SeriesInstanceUID) == (read.SOPInstanceUID, read.SeriesInstanceUID)
    assert "PixelData" not in made


@pytest.mark.parametrize(
    "spoil",
    [lambda masks: masks * 255, lambda masks: masks[:-1], lambda masks: masks[:, 1:], lambda masks: masks.astype(bool)],
    ids=["255", "a frame too few", "a row too few", "booleans"],
)
def test_masks_that_do_not_fit_are_refused_and_leave_no_file(tmp_path, film, spoil):
    dataset, masks, _ = film
    with pytest.raises(ValueError, match="Received"):
        write_segmentation(tmp_path / "seg.dcm", dataset, spoil(masks), METADATA)
    assert not list(tmp_path.iterdir())


def test_a_source_without_a_study_is_refused(tmp_path, still):
    dataset, masks, _ = still
    lost = deepcopy(dataset)
    del lost.StudyInstanceUID
    with pytest.raises(InputError, match="StudyInstanceUID"):
        write_segmentation(tmp_path / "seg.dcm", lost, masks, METADATA)
