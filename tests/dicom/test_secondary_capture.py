from copy import deepcopy

import numpy as np
import pytest
from pydicom import dcmread

from keras_hanet.dicom.secondary_capture import write_overlay
from keras_hanet.drawing import draw_overlay
from keras_hanet.errors import InputError


def draw_pictures(masks):
    return [draw_overlay(np.repeat(mask[..., None] * 90, 3, axis=-1), mask) for mask in masks]


def test_the_picture_of_a_still_comes_back_as_it_was(tmp_path, still):
    dataset, masks, _ = still
    pictures = draw_pictures(masks)
    assert (pictures[0] == (255, 150, 0)).all(axis=-1).any()
    write_overlay(tmp_path / "sc.dcm", dataset, pictures)
    read = dcmread(tmp_path / "sc.dcm")
    assert read.SOPClassUID.name == "Secondary Capture Image Storage"
    np.testing.assert_array_equal(read.pixel_array, pictures[0])


def test_a_film_stays_a_film_with_its_timing(tmp_path, film):
    dataset, masks, _ = film
    pictures = draw_pictures(masks)
    write_overlay(tmp_path / "sc.dcm", dataset, iter(pictures))
    read = dcmread(tmp_path / "sc.dcm")
    assert read.SOPClassUID.name == "Multi-frame True Color Secondary Capture Image Storage"
    assert (read.NumberOfFrames, read.FrameTime, read.FrameIncrementPointer) == (5, 40, 0x00181063)
    np.testing.assert_array_equal(read.pixel_array, pictures)


def test_a_film_with_uneven_timing_keeps_it(tmp_path, film):
    dataset, masks, _ = film
    uneven = deepcopy(dataset)
    del uneven.FrameTime
    uneven.FrameTimeVector = [0, 40, 40, 80, 40]
    write_overlay(tmp_path / "sc.dcm", uneven, draw_pictures(masks))
    read = dcmread(tmp_path / "sc.dcm")
    assert (read.FrameTimeVector, read.FrameIncrementPointer) == ([0, 40, 40, 80, 40], 0x00181065)


def test_a_film_without_timing_becomes_pages(tmp_path, film):
    dataset, masks, _ = film
    timeless = deepcopy(dataset)
    del timeless.FrameTime
    write_overlay(tmp_path / "sc.dcm", timeless, draw_pictures(masks))
    read = dcmread(tmp_path / "sc.dcm")
    assert (read.PageNumberVector, read.FrameIncrementPointer) == ([1, 2, 3, 4, 5], 0x00182001)


def test_a_picture_says_what_it_was_made_from_and_what_it_is_not(tmp_path, film):
    dataset, masks, _ = film
    write_overlay(tmp_path / "sc.dcm", dataset, draw_pictures(masks))
    read = dcmread(tmp_path / "sc.dcm")
    (source,) = read.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == dataset.SOPInstanceUID
    assert "ReferencedFrameNumber" not in source
    assert read.ImageType == ["DERIVED", "SECONDARY"]
    for text in (read.ImageComments, read.SeriesDescription):
        assert "Research use only, not a medical device." in text


@pytest.mark.parametrize(("stated", "written"), [("NO", "NO"), ("YES", "YES"), ("", "YES"), (None, "YES")])
def test_burned_in_writing_is_feared_unless_the_source_denies_it(tmp_path, still, stated, written):
    dataset, masks, _ = still
    source = deepcopy(dataset)
    del source.BurnedInAnnotation
    if stated is not None:
        source.BurnedInAnnotation = stated
    write_overlay(tmp_path / "sc.dcm", source, draw_pictures(masks))
    assert dcmread(tmp_path / "sc.dcm").BurnedInAnnotation == written


def test_the_side_of_the_body_is_kept(tmp_path, still):
    dataset, masks, _ = still
    right = deepcopy(dataset)
    right.Laterality = "R"
    write_overlay(tmp_path / "sc.dcm", right, draw_pictures(masks))
    assert dcmread(tmp_path / "sc.dcm").Laterality == "R"


def test_a_film_that_no_file_can_hold_is_refused_before_it_is_drawn(tmp_path, film):
    dataset, _, _ = film
    long = deepcopy(dataset)
    long.Rows, long.Columns, long.NumberOfFrames = 480, 640, 4661  # 4660 frames are 4,294,656,000 bytes
    with pytest.raises(InputError, match="4661 frames of 640 x 480 is longer"):
        write_overlay(tmp_path / "sc.dcm", long, (pytest.fail("drawn") for _ in range(1)))


def test_a_grey_picture_is_refused(tmp_path, still):
    dataset, masks, _ = still
    with pytest.raises(ValueError, match="Received"):
        write_overlay(tmp_path / "sc.dcm", dataset, masks)
    assert not list(tmp_path.iterdir())
