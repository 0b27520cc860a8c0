"""The report of drawn cases: its numbers are those of summary.json, and what is missing is left out."""

import json
import math
import re
import shutil
import time
from html import unescape

import numpy as np
import pytest
from drawn_cases import drawn_rows
from page_reader import Page

from keras_hanet import metrics
from keras_hanet.drawing import write_picture
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import write_cases
from keras_hanet.evaluation.summary import summarise, summarise_calibration
from keras_hanet.files import write_json
from keras_hanet.reports.document import Section, Table
from keras_hanet.reports.evaluation_report import evaluation_sections, write_evaluation_report

COMMAND = 'hanet evaluate --model "a & <b>" --data drawn'
HEADINGS = [
    *("Scores", "Examples", "Distribution", "Subgroups", "Detection", "Size"),
    "Calibration and confidence",
]


def summary_of(rows):
    mask, probability = np.eye(4, dtype=np.uint8), np.full((4, 4), 0.25, np.float32)
    return {
        **summarise(rows),
        "calibration": summarise_calibration(metrics.reliability(mask, probability)),
        "size": "original",
        "threshold": 0.4,
        "min_lesion_share": 0.001,
        "model": "bright is <lesion>",
        "split": "grouped 5-fold, seed 0, test fold 2",
        "command": COMMAND,
    }


def write_folder(folder, rows):
    write_cases(folder / "cases.csv", rows)
    write_json(folder / "summary.json", summary_of(rows))
    for row in rows:
        write_picture(folder / "overlays" / f"{row['id']}.png", np.zeros((6, 8, 3), np.uint8))
    return folder


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp("evaluated"), drawn_rows())
    write_evaluation_report(folder)
    return folder


@pytest.fixture
def page(evaluated):
    return Page((evaluated / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def summary(evaluated):
    return json.loads((evaluated / "summary.json").read_text())


def table_of(page, first):
    """{first cell of a row: its other cells} of the table whose second row starts with `first`."""
    [table] = [table for table in page.tables if table[1][0] == first]
    return {name: cells for name, *cells in table}


def written(entry, factor):
    if entry["mean"] is None:
        return ""
    interval = entry["ci95"]
    ends = "" if interval is None else f" [{factor * interval[0]:.1f}, {factor * interval[1]:.1f}]"
    return f"{factor * entry['mean']:.1f}{ends}"


def test_sections(page):
    assert page.texts["h2"] == HEADINGS


def test_table_of_scores_holds_the_numbers_of_the_summary(page, summary):
    scores = table_of(page, "images")
    assert scores[""] == ["lesion images", "normal images", "all scored images"]
    assert scores["images"] == ["3", "3", "4 of 6"]
    for label, key, factor in (("Dice, %", "dice", 100), ("HD95, px", "hd95_px", 1), ("accuracy, %", "accuracy", 100)):
        for cell, part in zip(scores[label], ("lesion", "normal", "all"), strict=True):
            assert cell == (written(summary[part][key], factor) if key in summary[part] else ""), (label, part)
    assert scores["Dice, %"][0].startswith("60.0 [")
    assert scores["Dice, true negative as 1, %"][2] == written(summary["all"]["dice_true_negative_as_one"], 100)
    assert scores["false-alarm rate, %"] == ["", written(summary["normal"]["false_alarm_rate"], 100), ""]


def test_key_figures_by_hand(evaluated):
    html = (evaluated / "report.html").read_text(encoding="utf-8")
    found = re.findall(r"<dt>([^<]*)</dt><dd><strong>([^<]*)</strong>", html)
    assert found == [
        *(("Dice, lesion images", "60.0 %"), ("IoU, lesion images", "55.6 %"), ("missed lesions", "1")),
        *(("HD95, lesion images", "3.7 px"), ("false alarms", "1")),
    ]


def test_what_was_measured_is_told(page):
    text = " ".join(word for words in page.texts.values() for word in words)
    for words in ("bright is <lesion>", "grouped 5-fold, seed 0, test fold 2", "0.4", "0.1 % of the image"):
        assert words in text
    assert set(page.texts["code"]) == {COMMAND}
    # At the top, then under examples, distribution, subgroups, size, calibration.
    assert len(page.texts["code"]) == 6


def test_rule_for_empty_masks(page):
    [rule] = [table for table in page.tables if table[0][-1] == "counted as"]
    assert [row[-1] for row in rule[1:]] == ["lesion case", "missed lesion", "false alarm", "true negative"]
    assert rule[2] == ["lesion", "empty", "0", "image diagonal", "0", "missed lesion"]


def test_detection_size_and_subgroups_hold_the_numbers_of_the_summary(page, summary):
    lesion = summary["lesion"]
    detection = table_of(page, "IoU of 0.1 or more")
    for row, name in (("IoU of 0.1 or more", "iou10"), ("IoU of 0.5 or more", "iou50")):
        scores = [lesion["detection"][name][key] for key in ("sensitivity", "precision", "f1")]
        assert detection[row] == [written(score, 100) for score in scores]
    size = table_of(page, "long axis, px")
    error = lesion["area_error"]  # differences 2, 0, -4: bias -2/3
    assert size["area, px"][:2] == ["-0.7", f"{error['sd_px']:.1f}"]
    assert size["area, px"][2] == f"{error['limits_px'][0]:.1f} to {error['limits_px'][1]:.1f}"
    assert size["area, px"][3] == written(error["mean_absolute_percent"], 1)
    groups = table_of(page, "benign")
    part = summary["subgroups"]["diagnosis"]["benign"]
    scores = [written(part[key], factor) for key, factor in (("dice", 100), ("jaccard", 100), ("hd95_px", 1))]
    assert groups["benign"] == ["2", "1", *scores]


def test_quantiles_by_hand(page):
    quantiles = table_of(page, "Dice, %")
    assert quantiles["Dice, %"] == ["16.0", "40.0", "80.0", "90.0", "96.0"]  # of 0, 80, 100


def test_calibration_table_by_hand(page):
    bins = table_of(page, "0.0 to 0.1")
    assert bins["0.2 to 0.3"] == ["16", "0.250", "0.250"]
    assert bins["0.9 to 1.0"] == ["0", "", ""]


def test_examples_and_charts_are_there(page, evaluated):
    assert [image["alt"] for image in page.attributes("img")] == [
        *("Best: b: Dice 100.0 %, HD95 0.0 px", "Median: a: Dice 80.0 %, HD95 1.0 px", "Worst: c: Dice 0.0 %, missed"),
        "Largest false alarms: d: 6 px of false area",
    ]
    names = [*("dice-histogram", "dice-by-size", "subgroups", "agreement-long-axis", "agreement-area")]
    names += ["reliability", "risk-coverage"]
    labels = [chart["aria-labelledby"] for chart in page.attributes("svg")]
    assert labels == [f"{name}-title {name}-desc" for name in names]
    assert {path.stem for path in (evaluated / "charts").iterdir()} == set(names)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_markdown_has_the_same_tables(page, evaluated):
    text = (evaluated / "report.md").read_text(encoding="utf-8")
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    tables = [[line.split("|")[1:-1] for line in [head, *rows]] for head, _, *rows in blocks]
    assert [[[" ".join(cell.split()) for cell in row] for row in table] for table in tables] == [
        [[" ".join(cell.split()) for cell in row] for row in table] for table in page.tables
    ]
    assert f"Made by `{COMMAND}`" in text


def test_names_that_look_like_tags(tmp_path):
    rows = [{**row, "id": f"<script>{row['id']}"} for row in drawn_rows()]
    write_evaluation_report(write_folder(tmp_path, rows))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert Page(html).attributes("img")[0]["alt"].startswith("Best: <script>b:")
    assert "![Best: \\<script\\>b: Dice 100.0 %, HD95 0.0 px](overlays/%3Cscript%3Eb.png)" in (
        (tmp_path / "report.md").read_text(encoding="utf-8")
    )


def test_older_summary_without_overlays(evaluated, tmp_path):
    shutil.copy(evaluated / "cases.csv", tmp_path)
    summary = json.loads((evaluated / "summary.json").read_text())
    for name in ("calibration", "risk_coverage", "subgroups", "command"):
        del summary[name]
    for name in ("detection", "area_error", "long_axis_error"):
        del summary["lesion"][name]
    write_json(tmp_path / "summary.json", summary)
    write_evaluation_report(tmp_path)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.texts["h2"] == ["Scores", "Distribution"]
    assert "code" not in page.texts


@pytest.mark.parametrize("part", [slice(0, 1), slice(2, 3), slice(0, 3), slice(3, 6), slice(4, 6)])
def test_report_of_whatever_is_there(tmp_path, part):
    write_evaluation_report(write_folder(tmp_path, drawn_rows()[part]))
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert page.texts["h2"][0] == "Scores"
    assert ("Distribution" in page.texts["h2"]) == (part.start < 3)
    assert not re.search(r"\bnan\b|\bNone\b", unescape(html))


def test_more_sections_follow_the_scores(evaluated, tmp_path):
    for name in ("cases.csv", "summary.json"):
        shutil.copy(evaluated / name, tmp_path)
    write_evaluation_report(tmp_path, "Five folds", [Section("Folds", (Table(("fold", "Dice, %"), (("0", "72.9"),)),))])
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.texts["h1"] == ["Five folds"]
    assert page.texts["h2"][:3] == ["Scores", "Folds", "Distribution"]


@pytest.mark.parametrize(("name", "content"), [("summary.json", None), ("summary.json", "{"), ("cases.csv", None)])
def test_missing_or_damaged_file_is_one_clear_sentence(evaluated, tmp_path, name, content):
    for copied in ("cases.csv", "summary.json"):
        shutil.copy(evaluated / copied, tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=rf"{re.escape(name)}: expected"):
        write_evaluation_report(tmp_path)


def test_report_of_780_cases_takes_two_seconds_at_most(evaluated, tmp_path):
    drawn = drawn_rows()
    rows = [{**drawn[i % 6], "id": f"case {i}"} for i in range(780)]
    summary = summary_of(drawn)
    started = time.perf_counter()
    sections = evaluation_sections(rows, summary, evaluated)
    assert time.perf_counter() - started < 2  # 0.1 s
    assert math.isclose(len(sections), len(HEADINGS))  # the overview, and no examples: these ids have no overlay
