import pytest
from drawn_beliefs import BELIEFS, ROWS

from keras_hanet.experiments.reliability_report import (
    format_areas,
    format_bins,
    format_calibration,
    format_correlations,
    format_coverage,
    format_rule,
    write_reliability_report,
)
from keras_hanet.experiments.reliability_table import tabulate_reliability


@pytest.fixture(scope="module")
def summary():
    table = tabulate_reliability(ROWS, BELIEFS)
    known = {"limit": 0.6, "target": "a target", "model": "a <model>", "command": "hanet reliability"}
    return {"validation": table, "test": table, "unseen": None, **known}


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_coverage_has_a_line_a_share(summary):
    lines = cells(format_coverage(summary["test"], "expected Dice"))
    assert lines[2] == ["100%", "3", "46.7", "1", "2", "1"]  # (0.9 + 0.5 + 0) / 3
    assert lines[-1] == ["50%", "1", "90.0", "0", "1", "0"]  # round(2.5) is 2: a and e


def test_the_rule_shows_both_sides(summary):
    kept, doubtful = cells(format_rule({**summary, "validation": None}))[2:]
    assert kept[1:] == ["60.0%", "2", "70.0", "0", "1", "0"]
    assert doubtful[1:] == ["40.0%", "1", "0.0", "1", "1", "1"]


def test_correlations_areas_calibration_and_bins_say_what_they_are_of(summary):
    correlations = cells(format_correlations(summary))[2:]
    assert [line[1] for line in correlations] == ["5", "3", "2"] * 2
    assert correlations[0][-1] == "0.220"
    areas = cells(format_areas(summary))
    assert areas[0] == ["images kept by", "validation parts of the runs", "test parts of the runs"]
    assert areas[-1] == ["random", "0.520", "0.520"]
    assert cells(format_calibration(summary))[2][1:4] == ["60.0%", "0.640", "0.132"]
    assert cells(format_bins(summary["test"]["bins"]))[2] == ["0.1 to 0.2", "1", "0.10", "0.00"]


def test_the_report_has_a_section_a_part_that_is_there(summary, tmp_path):
    pairs = list(zip(ROWS, BELIEFS, strict=True))
    write_reliability_report(tmp_path, summary, {"validation": pairs, "test": pairs, "unseen": []})
    text = (tmp_path / "report.md").read_text()
    assert "## Validation parts of the runs" in text
    assert "## Test parts of the runs" in text
    assert "shipped file" not in text
    assert "hanet reliability" in text
    assert "Research use only, not a medical device." in text
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page
    assert "a &lt;model&gt;" in page
    names = {path.name for path in (tmp_path / "charts").iterdir()}
    assert names == {f"{part}-{kind}.svg" for part in ("validation", "test") for kind in ("coverage", "dice", "lesion")}
