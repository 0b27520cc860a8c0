"""Blocks of a report from summaries of a few numbers."""

import pytest

from keras_hanet.reports import sections
from keras_hanet.reports.document import Charts, Command, Table

MADE = (Command("hanet evaluate"),)


def entry(mean, low=None, high=None):
    return {"mean": mean, "ci95": None if low is None else [low, high]}


def lesion_row(name, dice, area=100, predicted=100, counted_as="lesion case"):
    scores = {"dice": dice, "jaccard": dice / 2, "nsd": dice, "hd95_px": 3.0, "assd_px": 1.0}
    sizes = {"height": 20, "width": 50, "lesion_area_px": area, "predicted_area_px": predicted}
    axes = {"long_axis_px": 20.0, "predicted_long_axis_px": float("nan") if predicted == 0 else 22.0}
    return {"id": name, "counted_as": counted_as, **scores, **sizes, **axes}


def test_overview_by_hand():
    means = {"dice": entry(0.6, 0.0, 0.9), "jaccard": entry(0.5), "hd95_px": entry(3.667, 1, 10)}
    lesion = {"num": 3, "missed": 1, **means}
    summary = {"lesion": lesion, "normal": {"num": 0}, "all": {"num": 3}, "split": "fold 0", "min_lesion_share": 0.001}
    figures, facts = sections.show_overview(summary)
    assert figures.figures == (
        ("Dice, lesion images", "60.0 %", "[0.0, 90.0]"),
        ("IoU, lesion images", "50.0 %", ""),
        ("missed lesions", "1", "of 3 lesion images"),
        ("HD95, lesion images", "3.7 px", "[1.0, 10.0]"),
    )
    assert facts.facts == (
        ("images", "3: 3 with a lesion, 0 normal"),
        ("split", "fold 0"),
        ("smallest region kept", "0.1 % of the image"),
        ("scored at", "original size of each image"),
    )


def test_distribution_by_hand():
    rows = [lesion_row("a", 0.5), lesion_row("b", 1.0), lesion_row("c", 0.0, predicted=0, counted_as="missed lesion")]
    figures, command, table = sections.show_distribution(rows, MADE)
    assert [name for name, _, _ in figures.charts] == ["dice-histogram", "dice-by-size"]
    assert figures.charts[0][2] == (
        "Dice of the 2 lesion images with a prediction, 75.0 % on average. Missed lesions, 1 here, stand apart; "
        "in the mean of all they count as 0."
    )
    assert command == MADE[0]
    assert table.rows[0] == ("Dice, %", "10.0", "25.0", "50.0", "75.0", "90.0")
    assert sections.show_distribution([], MADE) == ()


def test_subgroups_by_hand():
    def part(num, dice, **more):
        scores = {"dice": entry(dice, 0.4, 0.8), "jaccard": entry(0.5), "hd95_px": entry(9.0)}
        return {"num": num, "missed": 1, **scores, **more}

    sizes = {
        "small": part(2, 0.5, lesion_share=[0, 0.03]),
        "medium": part(2, 0.6, lesion_share=[0.03, 0.06]),
        "large": part(2, 0.7, lesion_share=[0.06, 1]),
    }
    devices = {"A": part(3, 0.6), "B": part(3, 0.6)}
    diagnoses = {"benign": part(4, 0.7), "malignant": part(2, 0.4)}
    subgroups = {"diagnosis": diagnoses, "lesion size": sizes, "device": devices}
    figures, _, table = sections.show_subgroups({"lesion": {"dice": entry(0.6)}, "subgroups": subgroups}, MADE)
    assert [row[0] for row in table.rows] == [
        *("benign", "malignant", "lesion size: small", "lesion size: medium", "lesion size: large"),
        *("device: A", "device: B"),
    ]
    assert table.rows[0][1:] == ("4", "1", "70.0 [40.0, 80.0]", "50.0", "9.0")
    assert "<title>benign: 70.0 [40.0, 80.0]</title>" in figures.charts[0][1]
    assert figures.charts[0][2].endswith("Lesion size is cut at its terciles, 3.0 and 6.0 % of the image.")


def test_size_by_hand():
    rows = [lesion_row("a", 0.9, 100, 120), lesion_row("b", 0.0, 50, 0, "missed lesion")]
    error = {"bias_px": -15.0, "sd_px": 49.497, "limits_px": [-112.01, 82.01], "mean_absolute_percent": entry(60.0)}
    summary = {"lesion": {"area_error": error, "long_axis_error": error}}
    figures, _, table = sections.show_size(rows, summary, MADE)
    assert table.rows[1] == ("area, px", "-15.0", "49.5", "-112.0 to 82.0", "60.0")
    assert [svg.count('class="point missed"') for _, svg, _ in figures.charts] == [1, 1]
    assert [svg.count('class="point"') for _, svg, _ in figures.charts] == [1, 1]
    # Of 50 pixels 0 were predicted: their mean is 25 on an axis from 0 to 150.
    assert figures.charts[1][1].count(f'cx="{48 + 360 * 25 / 150:.0f}"') == 1


def test_detection_by_hand():
    scores = {"sensitivity": entry(0.9, 0.8, 1.0), "precision": entry(0.8), "f1": entry(0.85)}
    stricter = {"sensitivity": entry(0.7), "precision": entry(0.6), "f1": entry(0.65)}
    [table] = sections.show_detection({"lesion": {"detection": {"iou10": scores, "iou50": stricter}}})
    assert table.rows == (
        ("IoU of 0.1 or more", "90.0 [80.0, 100.0]", "80.0", "85.0"),
        ("IoU of 0.5 or more", "70.0", "60.0", "65.0"),
    )


def test_diagnosis_by_hand():
    area = {"num": 130, "auc": 0.8765, "ci95": [0.81, 0.93]}
    summary = {"diagnosis": {"num": 157, "accuracy": 0.75, "auc": {"malignant against benign": area}}}
    [table] = sections.show_diagnosis(summary)
    assert table.rows == (("malignant against benign", "130", "0.876 [0.810, 0.930]"),)
    assert "75.0 % of 157 images" in table.caption
    assert sections.show_diagnosis({}) == ()


@pytest.mark.parametrize(("calibration", "curve"), [(True, False), (False, True), (True, True)])
def test_confidence_shows_what_there_is(calibration, curve):
    bins = {"edges": [0, 0.5, 1], "count": [1000, 0], "mean_probability": [0.1, None], "lesion_share": [0.05, None]}
    summary = {
        **({"calibration": {**bins, "ece": 0.05, "brier": 0.04}} if calibration else {}),
        **({"risk_coverage": {"coverage": [1.0], "risk": [0.3], "aurc": 0.3}} if curve else {}),
    }
    figures, command, *tables = sections.show_confidence(summary, MADE)
    assert isinstance(figures, Charts)
    assert [name for name, _, _ in figures.charts] == calibration * ["reliability"] + curve * ["risk-coverage"]
    assert command == MADE[0]
    assert [table.rows for table in tables] == calibration * [
        (("0.0 to 0.5", "1,000", "0.100", "0.050"), ("0.5 to 1.0", "0", "", "")),
    ]


def test_nothing_to_say_is_empty():
    curve = {"coverage": [], "risk": [], "aurc": None}
    nothing = {"lesion": {"dice": entry(None)}, "subgroups": {}, "risk_coverage": curve}
    assert sections.show_subgroups(nothing, MADE) == ()
    assert sections.show_detection(nothing) == ()
    assert sections.show_size([], nothing, MADE) == ()
    assert sections.show_confidence(nothing, MADE) == ()


def test_scores_are_a_table_with_a_sentence_on_how_they_were_made():
    means = {"dice": entry(0.6, 0.5, 0.7)}
    summary = {"lesion": {"num": 2, "missed": 0, **means}, "normal": {"num": 0, "false_alarms": 0}}
    table = sections.show_scores({**summary, "all": {"num": 2, "num_scored": 2, **means}})
    assert isinstance(table, Table)
    assert table.rows[-1] == ("Dice, %", "60.0 [50.0, 70.0]", "", "60.0 [50.0, 70.0]")
    assert "95 % intervals" in table.caption
