"""The table of robustness: means, changes and counts that can be checked by hand."""

import csv
import json
import math

import pytest

from keras_hanet.experiments.robustness import CONDITIONS, UNCHANGED
from keras_hanet.experiments.robustness_table import format_robustness, tabulate, write_results

SETTINGS = {"command": "hanet robustness", "split": "4 of 9 images", "seed": 0}


def row(name, dice):
    """A lesion image with that Dice; for "n", a normal one."""
    if name == "n":
        counted_as = "true negative" if math.isnan(dice) else "false alarm"
    else:
        counted_as = "lesion case" if dice else "missed lesion"
    known = {"id": name, "source": "s", "group": name, "lesion_area_px": 0 if name == "n" else 50}
    return {**known, "dice": dice, "counted_as": counted_as}


def cases_of(unchanged, degraded, special=None):
    """One model: the same Dice of the images a, b, c and n in every degraded condition but ("blur", 4)."""
    names = "abcn"
    cases = {condition: [row(*pair) for pair in zip(names, degraded, strict=True)] for condition in CONDITIONS}
    cases[UNCHANGED] = [row(*pair) for pair in zip(names, unchanged, strict=True)]
    cases["blur", 4] = [row(*pair) for pair in zip(names, special or degraded, strict=True)]
    return cases


@pytest.fixture(scope="module")
def table():
    return tabulate(
        {
            "with": cases_of((0.9, 0.8, 0.7, math.nan), (0.9, 0.7, 0.5, math.nan), (0.3, 0.0, 0.0, 0.0)),
            "without": cases_of((0.8, 0.8, 0.8, math.nan), (0.6, 0.6, 0.6, math.nan)),
        }
    )


def find(table, model, degradation, level):
    return next(
        row for row in table if (row["model"], row["degradation"], row["level"]) == (model, degradation, level)
    )


def test_every_model_and_condition_has_a_row_in_order(table):
    assert [row["model"] for row in table] == ["with"] * 26 + ["without"] * 26
    assert [(row["degradation"], row["level"]) for row in table[:25]] == list(CONDITIONS)
    assert (table[25]["degradation"], table[25]["level"]) == ("mean of all levels", None)
    speckle = find(table, "with", "speckle", 3)
    assert (speckle["strength"], speckle["unit"]) == (4.0, "dB of noise")


def test_mean_change_and_counts_by_hand(table):
    unchanged, speckle, blur = (find(table, "with", *c) for c in (UNCHANGED, ("speckle", 1), ("blur", 4)))
    assert unchanged["dice"]["mean"] == pytest.approx(0.8)
    assert unchanged["change"] == {"mean": 0.0, "ci95": [0.0, 0.0]}
    assert speckle["dice"]["mean"] == pytest.approx(0.7)
    assert speckle["change"]["mean"] == pytest.approx(-0.1)
    # The changes are 0, -0.1 and -0.2: the interval is that of the pairs, narrower than that of the scores.
    low, high = speckle["change"]["ci95"]
    assert -0.2 <= low < -0.1 < high <= 0
    assert blur["dice"]["mean"] == pytest.approx(0.1)
    counts = ("num_lesion", "missed", "num_normal", "false_alarms")
    assert [blur[name] for name in counts] == [3, 2, 1, 1]
    assert [unchanged[name] for name in counts] == [3, 0, 1, 0]


def test_a_true_negative_and_a_false_alarm_do_not_move_the_dice_of_lesions(table):
    assert find(table, "with", "blur", 4)["change"]["mean"] == pytest.approx((-0.6 - 0.8 - 0.7) / 3)


def test_mean_of_all_levels_takes_each_condition_once(table):
    last = find(table, "with", "mean of all levels", None)
    assert last["dice"]["mean"] == pytest.approx((23 * 0.7 + 0.1) / 24)
    assert last["change"]["mean"] == pytest.approx((23 * 0.7 + 0.1) / 24 - 0.8)
    assert last["missed"] is None


def test_models_are_compared_image_by_image(table):
    assert find(table, "with", "speckle", 1)["against_first"] is None
    against = find(table, "without", "speckle", 1)["against_first"]
    assert against["mean"] == pytest.approx((-0.3 - 0.1 + 0.1) / 3)
    assert against["ci95"][0] < against["mean"] < against["ci95"][1]
    equal = find(table, "without", *UNCHANGED)["against_first"]
    assert equal["mean"] == pytest.approx(0)


def test_an_image_whose_lesion_vanished_is_left_out():
    cases = cases_of((0.9, 0.8, 0.7, math.nan), (0.9, 0.7, 0.5, math.nan))
    cases["depth", 4][2] = {**row("c", math.nan), "lesion_area_px": 0, "counted_as": "true negative"}
    found = find(tabulate({"m": cases}), "m", "depth", 4)
    assert (found["num_lesion"], found["num_normal"]) == (2, 2)
    assert found["change"]["mean"] == pytest.approx(-0.05)


def test_markdown_puts_the_models_side_by_side(table):
    lines = [" ".join(line.split()) for line in format_robustness(table).splitlines()]
    assert len(lines) == 2 + 26
    assert "| with: Dice, % | change, points | missed | false alarms | without: Dice, % |" in lines[0]
    assert lines[0].endswith("minus with, points |")
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| unchanged | | 80.0 [70.0, 90.0] | | 0 of 3 | 0 of 1 | 80.0 [80.0, 80.0] |")
    [blur] = [line for line in lines if line.startswith("| blur | 3 px of blur |")]
    assert "| 10.0 [0.0, 30.0] | -70.0 [-80.0, -60.0] | 2 of 3 | 1 of 1 |" in blur
    assert lines[-1].startswith("| mean of all levels | | 67.5 [")


def test_files_say_what_the_table_says(table, tmp_path):
    markdown = write_results(tmp_path, table, SETTINGS)
    page = (tmp_path / "results.md").read_text()
    assert markdown in page
    assert "Research use only, not a medical device." in page
    assert "hanet robustness" in page
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["results"] == table
    assert content["seed"] == 0
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(table)
    cells = next(row for row in rows if (row["degradation"], row["level"], row["model"]) == ("blur", "4", "with"))
    assert float(cells["change"]) == pytest.approx(-0.7)
    assert (cells["missed"], cells["against_first"], cells["against_first_low"]) == ("2", "", "")
    assert float(cells["dice_low"]) == pytest.approx(0)
