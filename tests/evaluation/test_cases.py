"""Rows and their table: numbers by hand, and what a reader of the file relies on."""

import math
from pathlib import Path

import numpy as np
import pytest
from drawn_cases import EMPTY, FOUND, LESION, drawn_rows, score

from keras_hanet.errors import InputError
from keras_hanet.evaluation import cases

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.fixture
def rows():
    return drawn_rows()


def same(left, right):
    """Equality where nan equals nan."""
    return [{k: repr(v) for k, v in row.items()} for row in left] == [
        {k: repr(v) for k, v in row.items()} for row in right
    ]


def test_lesion_case_by_hand():
    scores = score(LESION, FOUND)
    assert scores == pytest.approx(
        {
            "dice": 0.8,
            "jaccard": 4 / 6,
            "accuracy": 46 / 48,
            "sensitivity": 1.0,
            "specificity": 42 / 44,
            "precision": 4 / 6,
            # All of 4 border pixels lie on the other outline; of 6, two lie 1 px off.
            "hd95_px": 1.0,
            "assd_px": 2 / 10,
            "nsd": 8 / 10,  # tolerance 2 / 256 * 7 = 0.055 px
            "false_area_px": 0,
            "lesion_area_px": 4,
            "counted_as": "lesion case",
            "hd_px": 1.0,
            "predicted_area_px": 6,
            # 2 x 2 and 2 x 3 pixels: from the middle of one side to that of the farthest
            "long_axis_px": math.hypot(1, 2),
            "predicted_long_axis_px": math.hypot(1, 3),
            **{"num_lesions": 1, "num_predicted": 1, "num_found_iou10": 1, "num_found_iou50": 1},
            # 0.75 on 4 pixels of lesion and 2 beside it, 0.125 on 42 of background
            "brier": (4 * 0.25**2 + 2 * 0.75**2 + 42 * 0.125**2) / 48,
            "ece": (abs(6 * 0.75 - 4) + 42 * 0.125) / 48,
            "confidence": 0.75,
        }
    )


@pytest.mark.parametrize(
    ("mask_true", "mask_pred", "counted_as", "overlap", "distance", "nsd", "areas", "numbers", "axes"),
    [
        (LESION, EMPTY, "missed lesion", 0.0, 10.0, 0.0, (0, 4, 0), (1, 0, 0, 0), (5**0.5, math.nan)),
        (EMPTY, FOUND, "false alarm", 0.0, 10.0, 0.0, (6, 0, 6), (0, 1, 0, 0), (math.nan, 10**0.5)),
        (EMPTY, EMPTY, "true negative", math.nan, math.nan, math.nan, (0, 0, 0), (0, 0, 0, 0), (math.nan, math.nan)),
    ],
)
def test_rule_for_empty_masks(mask_true, mask_pred, counted_as, overlap, distance, nsd, areas, numbers, axes):
    scores = score(mask_true, mask_pred)
    assert scores["counted_as"] == counted_as
    assert [scores["dice"], scores["jaccard"]] == pytest.approx([overlap] * 2, nan_ok=True)
    distances = [scores[name] for name in ("hd95_px", "assd_px", "hd_px")]
    assert distances == pytest.approx([distance] * 3, nan_ok=True)
    assert scores["nsd"] == pytest.approx(nsd, nan_ok=True)
    assert tuple(scores[f"{name}_area_px"] for name in ("false", "lesion", "predicted")) == areas
    names = ("num_lesions", "num_predicted", "num_found_iou10", "num_found_iou50")
    assert tuple(scores[name] for name in names) == numbers
    assert (scores["long_axis_px"], scores["predicted_long_axis_px"]) == pytest.approx(axes, nan_ok=True)


def test_two_lesions_and_the_iou_from_which_one_counts_as_found():
    mask_true, mask_pred = np.zeros((2, 20, 20), np.uint8)
    mask_true[2:4, 2:12] = 1  # 2 x 10, the larger one
    mask_true[10:14, 2:6] = 1  # 4 x 4
    mask_pred[2:4, 2:6] = 1  # IoU 8/20
    mask_pred[10:14, 2:7] = 1  # IoU 16/20
    scores = score(mask_true, mask_pred)
    names = ("num_lesions", "num_predicted", "num_found_iou10", "num_found_iou50")
    assert [scores[name] for name in names] == [2, 2, 2, 1]
    assert scores["long_axis_px"] == pytest.approx(math.hypot(1, 10))
    assert scores["predicted_long_axis_px"] == pytest.approx(math.hypot(3, 5))  # of the larger region


def test_confidence_of_a_mask_and_of_none():
    probability = np.full((6, 8), 0.1, np.float32)
    probability[1:3, 1:4] = 0.6, 0.7, 0.8
    assert cases.score_case(LESION, FOUND, probability)["confidence"] == pytest.approx(0.7)
    assert cases.score_case(LESION, EMPTY, probability)["confidence"] == pytest.approx(0.2)
    # Resizing may leave 0..1 by rounding; a confidence does not.
    assert cases.score_case(LESION, FOUND, FOUND * 1.0005)["confidence"] == 1.0


def test_logits_are_refused():
    with pytest.raises(ValueError, match="logits need a sigmoid"):
        cases.score_case(LESION, FOUND, FOUND * 8.0 - 4)


@pytest.mark.parametrize(("shift", "nsd"), [(2, 1.0), (3, 0.5)])
def test_nsd_tolerance_is_two_pixels_of_the_256_grid(shift, nsd):
    line = np.zeros((200, 312), np.uint8)  # mean side 256
    line[50:52, 20:120] = 1
    moved = np.roll(line, shift, axis=0)  # 2 rows on: within 2 px; 3 on: the far row of each is off
    assert score(line, moved)["nsd"] == pytest.approx(nsd)
    doubled, moved = np.kron(line, np.ones((2, 2), np.uint8)), np.kron(moved, np.ones((2, 2), np.uint8))
    assert score(doubled, moved)["nsd"] == pytest.approx(nsd, abs=0.02)


def test_columns_and_their_order(tmp_path, rows):
    cases.write_cases(tmp_path / "cases.csv", rows)
    header, first, *_, last = (tmp_path / "cases.csv").read_text().splitlines()
    assert header == (
        "id,source,diagnosis,group,fold,height,width,dice,jaccard,accuracy,sensitivity,specificity,precision,"
        "hd95_px,assd_px,nsd,false_area_px,lesion_area_px,counted_as,"
        "dice_at_s,jaccard_at_s,accuracy_at_s,sensitivity_at_s,specificity_at_s,precision_at_s,"
        "hd_px,predicted_area_px,long_axis_px,predicted_long_axis_px,"
        "num_lesions,num_predicted,num_found_iou10,num_found_iou50,brier,ece,confidence,device,annotated,"
        "normal_probability,benign_probability,malignant_probability"
    )
    assert first.startswith("a,phantoms,benign,1,2,6,8,0.8,0.66")
    assert first.endswith(",0.75,scanner,1,0.125,0.625,0.25")
    assert last == (
        '"f, g",phantoms,benign,5,2,6,8,,,1.0,,1.0,,,,,0,0,true negative,,,1.0,,1.0,,'
        ",0,,,0,0,0,0,0.015625,0.125,0.875,,,,,"
    )


def test_table_reads_back_exactly(tmp_path, rows):
    cases.write_cases(tmp_path / "cases.csv", rows)
    back = cases.read_cases(tmp_path / "cases.csv")
    assert same(back, rows)
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]


def test_unknown_key_is_refused_and_leaves_the_old_table(tmp_path, rows):
    cases.write_cases(tmp_path / "cases.csv", rows)
    before = (tmp_path / "cases.csv").read_text()
    with pytest.raises(ValueError, match="dicee"):
        cases.write_cases(tmp_path / "cases.csv", [{**rows[0], "dicee": 1.0}])
    assert (tmp_path / "cases.csv").read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nsd,", "nsdd,", "lacks the column 'nsd'"),
        ("0.8,", "0.8x,", r"line 2: '0\.8x' cannot be read as 'dice'"),
        ("lesion case", "lesion", "line 2: 'lesion' cannot be read as 'counted_as'"),
        ("a,phantoms,benign,1,2,6,", "a,phantoms,benign,1,2,,", "line 2: '' cannot be read as 'height'"),
        (",0.75,scanner,1,0.125,0.625,0.25\nb,", "\nb,", "line 2: None cannot be read as 'confidence'"),
        ("scanner,1", "scanner,yes", "line 2: 'yes' cannot be read as 'annotated'"),
    ],
)
def test_damaged_table_is_one_clear_sentence(tmp_path, rows, old, new, message):
    path = tmp_path / "cases.csv"
    cases.write_cases(path, rows)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        cases.read_cases(path)


def test_missing_table(tmp_path):
    with pytest.raises(InputError, match="found no such file"):
        cases.read_cases(tmp_path / "cases.csv")


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*/cases.csv")), ids=lambda path: path.parent.name)
def test_tables_of_this_repository_read(path):
    rows = cases.read_cases(path)
    assert len(rows) > 100
    assert all(list(row) == list(cases.COLUMNS) for row in rows)


def test_table_without_the_later_columns_reads_as_not_scored(tmp_path, rows):
    path = tmp_path / "cases.csv"
    cases.write_cases(path, rows)
    num_columns = 1 + cases.COLUMNS.index("precision_at_s")
    lines = [line.replace("f, g", "f").split(",") for line in path.read_text().splitlines()]
    path.write_text("".join(",".join(line[:num_columns]) + "\n" for line in lines))
    first = cases.read_cases(path)[0]
    later = {name: first[name] for name in cases.COLUMNS[num_columns:]}
    assert (later.pop("device"), later.pop("annotated")) == (None, None)
    assert len(later) == 14
    assert all(math.isnan(value) for value in later.values())
    assert first["dice"] == rows[0]["dice"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [("dice", "inf"), ("hd95_px", "1e999"), ("height", "-1"), ("height", "9" * 5000), ("fold", str(2**31))],
)
def test_numbers_that_no_image_has_are_refused(name, cell, tmp_path, rows):
    path = tmp_path / "cases.csv"
    cases.write_cases(path, [{**rows[0], name: cell}])
    with pytest.raises(InputError, match=f"cannot be read as '{name}'"):
        cases.read_cases(path)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda text: text.rpartition(",0.")[0], "line 2: None cannot be read as"),
        (lambda text: text + '"' + "x" * 200_000, "got something else .*field larger than field limit"),
        (lambda text: text + "\xff", "expected text in UTF-8"),
    ],
)
def test_table_that_is_cut_or_holds_something_else_is_refused(cut, message, tmp_path, rows):
    path = tmp_path / "cases.csv"
    cases.write_cases(path, rows[:1])
    path.write_bytes(cut(path.read_text()).encode("latin-1"))
    with pytest.raises(InputError, match=message):
        cases.read_cases(path)
