"""Cross-validation tables by hand: folds of different size, and each image once in the pool."""

import json
import math

import pytest

from keras_hanet.errors import InputError
from keras_hanet.evaluation.folds import format_pooled_table, pooled_table
from keras_hanet.evaluation.statistics import mean_interval


def row(name, fold, dice, counted_as="lesion case", false_area_px=0):
    return {
        **{"id": name, "source": "busi", "group": name, "fold": fold, "dice": dice, "jaccard": dice / (2 - dice)},
        **{"hd95_px": 10.0, "nsd": dice, "counted_as": counted_as, "false_area_px": false_area_px},
    }


ROWS = [
    *(row("a", 0, 0.5), row("b", 0, 0.7), row("c", 0, 0.0, "missed lesion")),
    row("d", 0, math.nan, "true negative"),
    row("e", 1, 0.8),
    row("f", 1, 0.0, "false alarm", 12),
]


def test_folds_and_pool_by_hand():
    table = pooled_table(ROWS)
    first, second = table["folds"]
    assert (first["fold"], second["fold"]) == (0, 1)
    assert (first["lesion"]["num"], first["lesion"]["missed"]) == (3, 1)
    assert first["lesion"]["dice"]["mean"] == pytest.approx(0.4)
    assert first["normal"]["false_alarm_rate"] == {"mean": 0.0, "ci95": None}
    assert (second["lesion"]["dice"], second["normal"]["false_alarms"]) == ({"mean": 0.8, "ci95": None}, 1)
    pooled = table["pooled"]
    # Each image once: (0.5 + 0.7 + 0 + 0.8) / 4, not the mean 0.6 of the folds.
    assert pooled["lesion"]["dice"] == mean_interval([0.5, 0.7, 0.0, 0.8], list("abce"))
    assert pooled["lesion"]["dice"]["mean"] == 0.5
    assert (pooled["normal"]["num"], pooled["normal"]["false_alarms"]) == (2, 1)
    assert (pooled["normal"]["false_alarm_rate"]["mean"], pooled["normal"]["false_area_px"]["mean"]) == (0.5, 6.0)
    assert (pooled["all"]["num"], pooled["all"]["num_scored"]) == (6, 5)
    assert pooled["all"]["dice"]["mean"] == pytest.approx(2.0 / 5)
    assert pooled["all"]["dice_true_negative_as_one"]["mean"] == pytest.approx(3.0 / 6)
    assert table["over_folds"]["lesion"]["dice"]["mean"] == pytest.approx(0.6)
    assert table["over_folds"]["lesion"]["dice"]["sd"] == pytest.approx(0.2 * math.sqrt(2))
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_the_interval_is_clustered():
    twins = [{**image, "group": "1"} for image in ROWS]
    assert pooled_table(twins)["pooled"]["lesion"]["dice"] == {"mean": 0.5, "ci95": None}


def test_markdown():
    lines = format_pooled_table(pooled_table(ROWS)).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][:4] == ["fold", "images (lesion + normal)", "missed", "lesion: Dice, %"]
    assert cells[3][:4] == ["1", "1 + 1", "0", "80.0"]
    assert cells[4][:4] == ["pooled", "4 + 2", "1", "50.0 [17.5, 75.0]"]
    assert cells[5][:4] == ["mean ± sd of folds", "", "", "60.0 ± 28.3"]
    assert cells[4][-1].startswith("50.0 [")
    assert cells[0][-1] == "all: Dice, true negative as 1, %"


def test_a_set_without_normals_has_no_columns_of_them():
    table = pooled_table([image for image in ROWS if image["counted_as"] in ("lesion case", "missed lesion")])
    assert table["over_folds"]["normal"]["false_alarm_rate"] == {"mean": None, "sd": None}
    assert "normal:" not in format_pooled_table(table)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "at least one image, got none"),
        ([*ROWS, row("a", 1, 0.5)], "each image in one fold, got 7 rows of 6"),
        ([row("a", None, 0.5)], "busi/a: expected a fold, got none"),
    ],
)
def test_what_is_no_cross_validation_is_refused(rows, says):
    with pytest.raises(InputError, match=says):
        pooled_table(rows)
