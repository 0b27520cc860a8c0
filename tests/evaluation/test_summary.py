"""The summary of rows: numbers by hand, and the table that people read."""

import json
import math

import numpy as np
import pytest
from drawn_cases import EMPTY, FOUND, LESION, drawn_rows

from keras_hanet import metrics
from keras_hanet.evaluation.cases import read_cases, write_cases
from keras_hanet.evaluation.statistics import mean_interval, ratio_interval
from keras_hanet.evaluation.subgroups import subgroups
from keras_hanet.evaluation.summary import format_summary, score_lines, summarise, summarise_calibration


@pytest.fixture
def rows():
    return drawn_rows()


def test_summary_by_hand(rows):
    summary = summarise(rows)
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
    summary = summarise(rows, seed=7)
    dices = [0.8, 1.0, 0.0]
    assert summary["lesion"]["dice"] == mean_interval(dices, ["1", "1", "2"], seed=7)
    assert summary["lesion"]["dice"] != mean_interval(dices, ["1", "3", "2"], seed=7)


def test_diagnoses_of_lesion_images_only(rows):
    by_diagnosis = summarise(rows)["lesion"]["by_diagnosis"]
    assert list(by_diagnosis) == ["benign", "malignant"]
    assert by_diagnosis["benign"]["num"] == 2  # the third "benign" image has an empty reference
    assert by_diagnosis["benign"]["dice"]["mean"] == pytest.approx(0.4)
    assert by_diagnosis["malignant"] == {
        "num": 1,
        "dice": {"mean": 1.0, "ci95": None},
        "jaccard": {"mean": 1.0, "ci95": None},
    }
    assert "by_diagnosis" not in summarise(rows[2:])["lesion"]


@pytest.mark.parametrize("part", [slice(0, 6), slice(0, 3), slice(3, 6), slice(4, 6), slice(0, 0)])
def test_summary_is_json_whatever_is_missing(rows, part):
    summary = summarise(rows[part])
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert format_summary(summary).count("|") % 5 == 0


def test_summary_of_a_table_is_that_of_its_rows(tmp_path, rows):
    write_cases(tmp_path / "cases.csv", rows)
    assert summarise(read_cases(tmp_path / "cases.csv")) == summarise(rows)


def test_detection_counts_lesions_not_images(rows):
    # 2, 1 and 1 lesions; 3, 1 and 0 regions; 2, 1 and 0 of them found
    rows[0].update(num_lesions=2, num_predicted=3, num_found_iou10=2, num_found_iou50=1)
    detection = summarise(rows)["lesion"]["detection"]
    means = {name: [entry["mean"] for entry in part.values()] for name, part in detection.items()}
    assert list(detection["iou10"]) == ["sensitivity", "precision", "f1"]
    assert means == {"iou10": pytest.approx([3 / 4, 3 / 4, 6 / 8]), "iou50": pytest.approx([2 / 4, 2 / 4, 4 / 8])}
    assert detection["iou50"]["sensitivity"] == ratio_interval([1, 1, 0], [2, 1, 1], ["1", "1", "2"])
    assert detection["iou50"]["precision"] == ratio_interval([1, 1, 0], [3, 1, 0], ["1", "1", "2"])


def test_size_errors_count_a_missed_lesion_as_size_zero(rows):
    lesion = summarise(rows)["lesion"]
    differences = np.array([2, 0, -4])  # 6, 4 and 0 pixels where 4 are lesion
    sd = math.sqrt((differences**2).sum() / 2 - 3 * (2 / 3) ** 2 / 2)
    area = lesion["area_error"]
    assert area["bias_px"] == pytest.approx(-2 / 3)
    assert area["sd_px"] == pytest.approx(sd)
    assert area["limits_px"] == pytest.approx([-2 / 3 - 1.96 * sd, -2 / 3 + 1.96 * sd])
    assert area["mean_absolute_percent"] == mean_interval([50, 0, 100], ["1", "1", "2"])
    axis = lesion["long_axis_error"]
    assert axis["bias_px"] == pytest.approx((math.sqrt(10) - math.sqrt(5) + 0 - math.sqrt(5)) / 3)
    assert axis["mean_absolute_percent"]["mean"] == pytest.approx(100 * (math.sqrt(2) - 1 + 0 + 1) / 3)


def test_size_error_of_one_image_has_no_limits(rows):
    assert summarise(rows[:1])["lesion"]["area_error"] == {
        "bias_px": 2.0,
        "sd_px": None,
        "limits_px": None,
        "mean_absolute_percent": {"mean": 50.0, "ci95": None},
    }


def test_risk_coverage_by_hand(rows):
    # Confidence 0.875: missed (risk 1) and two true negatives (0); 0.75: risks 0.2, 0 and 1.
    found = summarise(rows)["risk_coverage"]
    curve = [1 / 3, 1 / 3, 1 / 3, 1.4 / 4, 1.8 / 5, 2.2 / 6]
    assert found["coverage"] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert found["risk"] == pytest.approx(curve)
    assert found["aurc"] == pytest.approx(sum(curve) / 6)


def test_risk_coverage_of_many_images_is_shown_at_twenty_steps(rows):
    many = [{**rows[0], "confidence": number / 100, "dice": number / 100} for number in range(100)]
    found = summarise(many)["risk_coverage"]
    assert found["coverage"] == pytest.approx([step / 20 for step in range(1, 21)])
    assert found["risk"][0] == pytest.approx(0.03)  # the five most confident: risks 0.01 to 0.05
    assert found["risk"][-1] == pytest.approx(0.505)
    assert found["aurc"] == pytest.approx(np.mean([(0.01 + k / 100) / 2 for k in range(1, 101)]))


def test_table_of_version_0_1_has_no_later_scores(rows):
    names = ("num_lesions", "num_predicted", "num_found_iou10", "num_found_iou50", "confidence", "brier")
    for row in rows:
        row.update(dict.fromkeys((*names, "predicted_area_px", "long_axis_px", "predicted_long_axis_px"), math.nan))
    summary = summarise(rows)
    nothing = {"mean": None, "ci95": None}
    assert summary["risk_coverage"] == {"coverage": [], "risk": [], "aurc": None}
    assert summary["all"]["brier"] == nothing
    assert summary["lesion"]["detection"]["iou10"] == dict.fromkeys(("sensitivity", "precision", "f1"), nothing)
    errors = {"bias_px": None, "sd_px": None, "limits_px": None, "mean_absolute_percent": nothing}
    # What is known of the missed one is not a sample of the errors.
    assert summary["lesion"]["long_axis_error"] == errors
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_calibration_of_pixels_by_hand():
    def bins(mask_true, mask_pred):
        return metrics.reliability(mask_true, np.where(mask_pred == 1, 0.75, 0.125))

    found = summarise_calibration(bins(LESION, FOUND) + bins(LESION, EMPTY))
    assert found["edges"] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert found["count"] == [0, 90, 0, 0, 0, 0, 0, 6, 0, 0]
    assert found["mean_probability"] == [None, 0.125, *[None] * 5, 0.75, None, None]
    assert found["lesion_share"] == [None, 4 / 90, *[None] * 5, 4 / 6, None, None]
    assert found["ece"] == pytest.approx((abs(90 * 0.125 - 4) + abs(6 * 0.75 - 4)) / 96)
    assert found["brier"] == pytest.approx((86 * 0.125**2 + 4 * 0.875**2 + 4 * 0.25**2 + 2 * 0.75**2) / 96)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_subgroups_are_part_of_the_summary(rows):
    found = summarise(rows, seed=3)["subgroups"]
    assert found == subgroups(rows, seed=3)
    assert set(found["annotated"]) == {"annotated", "clean"}


def test_no_normal_image_has_no_false_alarm_rate(rows):
    normal = summarise(rows[:3])["normal"]
    assert (normal["num"], normal["false_alarms"]) == (0, 0)
    assert normal["false_alarm_rate"] == {"mean": None, "ci95": None}


def test_table_for_people(rows):
    lines = format_summary(summarise(rows)).splitlines()
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
    assert cells["lesions, found at IoU 0.5, %"] == ["66.7 [0.0, 100.0]", "", ""]
    assert cells["area, bias [limits], px"][0] == "-0.7 [-6.7, 5.3]"
    assert cells["Dice, 1 malignant, %"] == ["100.0", "", ""]
    assert set(lines[1]) == set("|-: ")


def test_lines_of_scores_are_the_first_of_the_table_and_leave_out_what_an_older_summary_lacks(rows):
    summary = summarise(rows)
    lines = score_lines(summary)
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in format_summary(summary).splitlines()]
    assert [list(line) for line in lines] == [table[0], *table[2 : 1 + len(lines)]]
    for part in ("lesion", "all"):
        for name in ("hd_px", "brier", "ece", "detection", "area_error", "long_axis_error"):
            summary[part].pop(name, None)
    for name in ("brier", "ece"):
        del summary["normal"][name]
    older = score_lines(summary)
    assert [line for line in lines if line not in older] == [
        line for line in lines if line[0] in ("HD, px", "Brier score, %", "calibration error (ECE), %")
    ]
    assert len(lines) - len(older) == 3
