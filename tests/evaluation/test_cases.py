"""Rows, their table and its summary: numbers by hand, and what a reader of the files relies on."""

import json
import math

import numpy as np
import pytest

from keras_hanet.errors import InputError
from keras_hanet.evaluation import cases
from keras_hanet.evaluation.statistics import mean_interval

LESION = np.zeros((6, 8), np.uint8)
LESION[1:3, 1:3] = 1
FOUND = np.zeros((6, 8), np.uint8)
FOUND[1:3, 1:4] = 1
EMPTY = np.zeros((6, 8), np.uint8)


def row(name, group, diagnosis, mask_true, mask_pred):
    return {
        "id": name,
        "source": "phantoms",
        "diagnosis": diagnosis,
        "group": group,
        "fold": None if name == "e" else 2,
        "height": 6,
        "width": 8,
        **cases.score_case(mask_true, mask_pred),
        **cases.score_case_at_s(mask_true[:, :6], mask_pred[:, :6]),
    }


@pytest.fixture
def rows():
    return [
        row("a", "1", "benign", LESION, FOUND),  # Dice 8/10, IoU 4/6
        row("b", "1", "malignant", LESION, LESION),  # 1, 1
        row("c", "2", "benign", LESION, EMPTY),  # 0, 0
        row("d", "3", "normal", EMPTY, FOUND),  # 0, 0
        row("e", "4", None, EMPTY, EMPTY),  # not scored
        row("f, g", "5", "benign", EMPTY, EMPTY),  # called benign, but the reference is empty
    ]


def same(left, right):
    """Equality where nan equals nan."""
    return [{k: repr(v) for k, v in row.items()} for row in left] == [
        {k: repr(v) for k, v in row.items()} for row in right
    ]


def test_lesion_case_by_hand():
    scores = cases.score_case(LESION, FOUND)
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
        }
    )


@pytest.mark.parametrize(
    ("mask_true", "mask_pred", "counted_as", "overlap", "distance", "nsd", "false_area", "lesion_area"),
    [
        (LESION, EMPTY, "missed lesion", 0.0, 10.0, 0.0, 0, 4),
        (EMPTY, FOUND, "false alarm", 0.0, 10.0, 0.0, 6, 0),
        (EMPTY, EMPTY, "true negative", math.nan, math.nan, math.nan, 0, 0),
    ],
)
def test_rule_for_empty_masks(
    mask_true, mask_pred, counted_as, overlap, distance, nsd, false_area, lesion_area
):
    scores = cases.score_case(mask_true, mask_pred)
    assert scores["counted_as"] == counted_as
    assert [scores["dice"], scores["jaccard"]] == pytest.approx([overlap] * 2, nan_ok=True)
    assert [scores["hd95_px"], scores["assd_px"]] == pytest.approx([distance] * 2, nan_ok=True)
    assert scores["nsd"] == pytest.approx(nsd, nan_ok=True)
    assert (scores["false_area_px"], scores["lesion_area_px"]) == (false_area, lesion_area)


@pytest.mark.parametrize(("shift", "nsd"), [(2, 1.0), (3, 0.5)])
def test_nsd_tolerance_is_two_pixels_of_the_256_grid(shift, nsd):
    line = np.zeros((200, 312), np.uint8)  # mean side 256
    line[50:52, 20:120] = 1
    moved = np.roll(line, shift, axis=0)  # 2 rows on: within 2 px; 3 on: the far row of each is off
    assert cases.score_case(line, moved)["nsd"] == pytest.approx(nsd)
    doubled, moved = np.kron(line, np.ones((2, 2), np.uint8)), np.kron(moved, np.ones((2, 2), np.uint8))
    assert cases.score_case(doubled, moved)["nsd"] == pytest.approx(nsd, abs=0.02)


def test_columns_and_their_order(tmp_path, rows):
    cases.write_cases(tmp_path / "cases.csv", rows)
    header, first, *_, last = (tmp_path / "cases.csv").read_text().splitlines()
    assert header == (
        "id,source,diagnosis,group,fold,height,width,dice,jaccard,accuracy,sensitivity,specificity,precision,"
        "hd95_px,assd_px,nsd,false_area_px,lesion_area_px,counted_as,"
        "dice_at_s,jaccard_at_s,accuracy_at_s,sensitivity_at_s,specificity_at_s,precision_at_s"
    )
    assert first.startswith("a,phantoms,benign,1,2,6,8,0.8,0.66")
    assert last == '"f, g",phantoms,benign,5,2,6,8,,,1.0,,1.0,,,,,0,0,true negative,,,1.0,,1.0,'


def test_table_reads_back_exactly(tmp_path, rows):
    cases.write_cases(tmp_path / "cases.csv", rows)
    back = cases.read_cases(tmp_path / "cases.csv")
    assert same(back, rows)
    assert cases.summarise(back) == cases.summarise(rows)
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
        (",1.0,0.9375,0.6666666666666666\nb,", "\nb,", "line 2: None cannot be read as 'sensitivity_at_s'"),
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


def test_summary_by_hand(rows):
    summary = cases.summarise(rows)
    lesion, normal, everything = summary["lesion"], summary["normal"], summary["all"]
    assert (lesion["num"], lesion["missed"]) == (3, 1)
    assert (normal["num"], normal["false_alarms"]) == (3, 1)
    assert (everything["num"], everything["num_scored"]) == (6, 4)
    means = {
        "lesion dice": lesion["dice"]["mean"],
        "lesion jaccard": lesion["jaccard"]["mean"],
        "lesion precision": lesion["precision"]["mean"],  # not scored where the lesion was missed
        "lesion hd95": lesion["hd95_px"]["mean"],
        "false-alarm rate": normal["false_alarm_rate"]["mean"],
        "false area": normal["false_area_px"]["mean"],
        "normal specificity": normal["specificity"]["mean"],
        "all dice": everything["dice"]["mean"],
        "all hd95": everything["hd95_px"]["mean"],
        "all dice with one": everything["dice_true_negative_as_one"]["mean"],
    }
    assert means == pytest.approx(
        {
            "lesion dice": 1.8 / 3,
            "lesion jaccard": (4 / 6 + 1) / 3,
            "lesion precision": (4 / 6 + 1) / 2,
            "lesion hd95": (1 + 0 + 10) / 3,
            "false-alarm rate": 1 / 3,
            "false area": 2.0,
            "normal specificity": (42 / 48 + 1 + 1) / 3,
            "all dice": 1.8 / 4,
            "all hd95": (1 + 0 + 10 + 10) / 4,
            "all dice with one": 3.8 / 6,
        }
    )


def test_intervals_are_clustered_on_the_group(rows):
    summary = cases.summarise(rows, seed=7)
    dices = [0.8, 1.0, 0.0]
    assert summary["lesion"]["dice"] == mean_interval(dices, ["1", "1", "2"], seed=7)
    assert summary["lesion"]["dice"] != mean_interval(dices, ["1", "3", "2"], seed=7)


def test_diagnoses_of_lesion_images_only(rows):
    by_diagnosis = cases.summarise(rows)["lesion"]["by_diagnosis"]
    assert list(by_diagnosis) == ["benign", "malignant"]
    assert by_diagnosis["benign"]["num"] == 2  # the third "benign" image has an empty reference
    assert by_diagnosis["benign"]["dice"]["mean"] == pytest.approx(0.4)
    assert by_diagnosis["malignant"] == {
        "num": 1,
        "dice": {"mean": 1.0, "ci95": None},
        "jaccard": {"mean": 1.0, "ci95": None},
    }
    assert "by_diagnosis" not in cases.summarise(rows[2:])["lesion"]


@pytest.mark.parametrize("part", [slice(0, 6), slice(0, 3), slice(3, 6), slice(4, 6), slice(0, 0)])
def test_summary_is_json_whatever_is_missing(rows, part):
    summary = cases.summarise(rows[part])
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert cases.format_summary(summary).count("|") % 5 == 0


def test_no_normal_image_has_no_false_alarm_rate(rows):
    normal = cases.summarise(rows[:3])["normal"]
    assert (normal["num"], normal["false_alarms"]) == (0, 0)
    assert normal["false_alarm_rate"] == {"mean": None, "ci95": None}


def test_table_for_people(rows):
    lines = cases.format_summary(cases.summarise(rows)).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert max(map(len, lines)) <= 100
    cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:5]] for line in lines}
    assert cells[""] == ["lesion images", "normal images", "all scored images"]
    assert cells["images"] == ["3", "3", "4 of 6"]
    assert cells["missed lesions"] == ["1", "", ""]
    assert cells["false alarms"] == ["", "1", ""]
    assert cells["Dice, %"][0] == "60.0 [0.0, 90.0]"
    assert cells["Dice, %"][1] == ""
    assert cells["accuracy, %"][0] == "95.8 [91.7, 97.9]"  # groups: (46/48 + 1)/2 and 44/48
    assert cells["Dice, true negative as 1, %"][2].startswith("63.3 [")
    assert cells["HD95, px"][2].startswith("5.2 [")
    assert cells["Dice, 1 malignant, %"] == ["100.0", "", ""]
    assert set(lines[1]) == set("|-: ")
