import csv
import math

import numpy as np
import pytest

from keras_hanet.analysis.analysis import Analysis
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions
from keras_hanet.outputs.tables import FRAME_COLUMNS, LESION_ROW_COLUMNS, frame_row, lesion_row, writing_tables

AREA = ScanArea(10, 20, 80, 60, Spacing(0.5, 0.25))


def analysis_of(boxes, area=AREA, **beliefs):
    """Of an image of 100 x 100 with these boxes (top, left, height, width) as its lesions."""
    mask = np.zeros((100, 100), np.uint8)
    for top, left, height, width in boxes:
        mask[top : top + height, left : left + width] = 1
    frame = Frame(np.zeros((100, 100, 3), np.uint8), "scan.png", area, time_s=0.04)
    prediction = Prediction(mask * np.float32(0.75), mask)
    return Analysis(frame, prediction, measure_lesions(mask, area), ("several lesions",) * (len(boxes) > 1), **beliefs)


def test_a_row_that_can_be_counted_by_hand():
    row = frame_row(analysis_of([(30, 40, 4, 8), (60, 40, 2, 2)], lesion_probability=0.91, doubtful=True))
    assert row == {
        "time_s": 0.04,
        "height_px": 100,
        "width_px": 100,
        "row_mm": 0.5,
        "column_mm": 0.25,
        "num_lesions": 2,
        "lesion_area_px": 36,
        "lesion_area_mm2": 36 * 0.125,
        "lesion_share": 36 / 4800,
        "largest_probability": 0.75,
        "lesion_probability": 0.91,
        "expected_dice": "",
        "doubtful": 1,
        "flags": "several lesions",
    }


def test_what_is_not_known_is_empty():
    row = frame_row(analysis_of([(30, 40, 4, 8)], area=None))
    assert [row[name] for name in ("row_mm", "column_mm", "lesion_area_mm2", "doubtful", "flags")] == [""] * 5
    assert row["lesion_share"] == 32 / 10000


def test_one_lesion_without_millimetres_leaves_their_sum_out():
    assert frame_row(analysis_of([(30, 40, 4, 8), (10, 40, 2, 2)]))["lesion_area_mm2"] == ""


def test_no_lesion_is_an_area_of_nothing():
    row = frame_row(analysis_of([]))
    assert (row["num_lesions"], row["lesion_area_px"], row["lesion_area_mm2"]) == (0, 0, 0)


@pytest.mark.parametrize(("area", "in_mm"), [(AREA, True), (None, False)])
def test_the_long_axis_has_its_error_bar(area, in_mm):
    analysis = analysis_of([(30, 40, 1, 8)], area, long_axis_quantiles=(math.log(0.5), 0.0, math.log(2)))
    row = lesion_row(analysis.lesions[0], analysis)
    assert set(row) == set(LESION_ROW_COLUMNS)
    assert (row["long_axis_px"], row["long_axis_low_px"], row["long_axis_high_px"]) == (8, 4, 16)
    assert (row["long_axis_low_mm"], row["long_axis_high_mm"]) == ((1, 4) if in_mm else ("", ""))


def test_without_a_record_there_is_no_error_bar():
    analysis = analysis_of([(30, 40, 1, 8)])
    row = lesion_row(analysis.lesions[0], analysis)
    assert row["long_axis_low_px"] == row["long_axis_high_mm"] == ""


def test_tables_are_read_back(tmp_path):
    with writing_tables(tmp_path) as tables:
        tables.add("a.dcm", 0, analysis_of([]))
        tables.add("a.dcm", 1, analysis_of([(30, 40, 4, 8), (60, 40, 2, 2)]))
        assert not (tmp_path / "measures.csv").exists()
    with open(tmp_path / "measures.csv", newline="") as file:
        frames = list(csv.DictReader(file))
    with open(tmp_path / "lesions.csv", newline="") as file:
        lesions = list(csv.DictReader(file))
    assert tuple(frames[0]) == FRAME_COLUMNS
    assert {row["image"] for row in frames} == {"a.dcm"}
    assert [(row["frame"], row["num_lesions"]) for row in frames] == [("0", "0"), ("1", "2")]
    assert [(row["frame"], row["lesion"], row["area_px"]) for row in lesions] == [("1", "1", "32"), ("1", "2", "4")]
    assert tuple(lesions[0]) == ("image", "frame", "lesion", *LESION_ROW_COLUMNS)


def test_an_error_leaves_neither_table(tmp_path):
    with pytest.raises(RuntimeError), writing_tables(tmp_path) as tables:  # noqa: PT012
        tables.add("a.dcm", 0, analysis_of([]))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
