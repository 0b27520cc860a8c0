"""What models lose under each degradation: the table of `keras_hanet.experiments.robustness`."""

import math
from pathlib import Path

import numpy as np

from keras_hanet.data.degradations import DEGRADATIONS
from keras_hanet.evaluation.markdown import format_interval, format_table
from keras_hanet.evaluation.statistics import mean_interval
from keras_hanet.experiments.robustness import CONDITIONS, UNCHANGED
from keras_hanet.files import replacing, write_json, write_table
from keras_hanet.version import INTENDED_USE

_ALL = ("mean of all levels", None)
_INTERVALS = ("dice", "change", "against_first")


def tabulate(cases):
    """Dice, its change and what was missed, for each model and condition.

    Dice is averaged over the images with a lesion, a missed one counting 0; its change is that of each
    image against the same image unchanged, then the mean. Intervals are 95 % ones, clustered on groups.
    The last row of a model takes each image's mean over all degraded levels.

    Args:
        cases: {model name: what `score_conditions` gives}; all models on the same images.

    Returns:
        list of dicts: `model`, `degradation`, `level`, `strength`, `unit`, `num_lesion`, `missed`,
        `num_normal`, `false_alarms`, and `dice`, `change` and `against_first` (Dice minus the first
        model's, image by image; None for the first), each {"mean", "ci95"}. The last row has neither
        level nor counts: they are None.
    """
    rows = next(iter(cases.values()))[UNCHANGED]
    names, clusters = [row["id"] for row in rows], [f"{row['source']}/{row['group']}" for row in rows]
    first, table = None, []
    for model, conditions in cases.items():
        dice = {condition: _lesion_dice(rows, names) for condition, rows in conditions.items()}
        dice[_ALL] = np.mean([dice[condition] for condition in CONDITIONS if condition != UNCHANGED], axis=0)
        for condition in (*CONDITIONS, _ALL):
            table.append(
                {
                    "model": model,
                    **_describe(condition),
                    **_count(conditions.get(condition)),
                    "dice": mean_interval(dice[condition], clusters),
                    "change": mean_interval(dice[condition] - dice[UNCHANGED], clusters),
                    "against_first": first and mean_interval(dice[condition] - first[condition], clusters),
                }
            )
        first = first or dice
    return table


def write_results(folder, table, settings):
    """Write `results.csv`, `results.json` and `results.md`.

    Args:
        folder: where to.
        table: what `tabulate` gives.
        settings: dict for JSON, what was scored and how; its `command` and `split` go into the page.

    Returns:
        The Markdown table, as in the page.
    """
    folder = Path(folder)
    rows = [_flatten(row) for row in table]
    write_table(folder / "results.csv", tuple(rows[0]), rows)
    write_json(folder / "results.json", {**settings, "results": table, "intended_use": INTENDED_USE})
    markdown = format_robustness(table)
    page = f"# Robustness\n\n{settings['split']}. {INTENDED_USE}\n\n{markdown}\n\n```\n{settings['command']}\n```\n"
    with replacing(folder / "results.md") as temporary:
        temporary.write_text(page, encoding="utf-8")
    return markdown


def format_robustness(table):
    """The models side by side as a Markdown table, in percent and points; str."""
    models = list(dict.fromkeys(row["model"] for row in table))
    columns = ["degradation", "strength"]
    for number, model in enumerate(models):
        columns += [f"{model}: Dice, %", "change, points", "missed", "false alarms"]
        columns += [f"minus {models[0]}, points"] * (number > 0)
    lines = [columns]
    parts = [[row for row in table if row["model"] == model] for model in models]
    for rows in zip(*parts, strict=True):
        strength = "" if rows[0]["unit"] is None else f"{rows[0]['strength']:g} {rows[0]['unit']}"
        cells = [rows[0]["degradation"], strength]
        for row in rows:
            changed = row["degradation"] != UNCHANGED[0]
            change = format_interval(row["change"], 100, "+") if changed else ""
            cells += [format_interval(row["dice"], 100), change, *_counts(row)]
            if row["against_first"] is not None:
                cells.append(format_interval(row["against_first"], 100, "+"))
        lines.append(cells)
    return format_table(lines)


def _lesion_dice(rows, names):
    """Dice of each image, nan where its reference is empty."""
    dice = {row["id"]: row["dice"] for row in rows if row["lesion_area_px"]}
    return np.array([dice.get(name, math.nan) for name in names])


def _describe(condition):
    name, level = condition
    degradation = DEGRADATIONS.get(name)
    return {
        "degradation": name,
        "level": level,
        "strength": degradation and degradation.strengths[level],
        "unit": degradation and degradation.unit,
    }


def _count(rows):
    if rows is None:
        return dict.fromkeys(("num_lesion", "missed", "num_normal", "false_alarms"))
    counted = [row["counted_as"] for row in rows]
    missed, alarms = counted.count("missed lesion"), counted.count("false alarm")
    return {
        "num_lesion": counted.count("lesion case") + missed,
        "missed": missed,
        "num_normal": counted.count("true negative") + alarms,
        "false_alarms": alarms,
    }


def _flatten(row):
    """{"dice": {"mean", "ci95"}} -> dice, dice_low, dice_high, for a table of cells."""
    cells = {}
    for name, value in row.items():
        if name in _INTERVALS:
            low, high = (value and value["ci95"]) or (None, None)
            cells |= {name: value and value["mean"], f"{name}_low": low, f"{name}_high": high}
        else:
            cells[name] = value
    return cells


def _counts(row):
    if row["num_lesion"] is None:
        return ["", ""]
    alarms = f"{row['false_alarms']} of {row['num_normal']}" if row["num_normal"] else "no normals"
    return [f"{row['missed']} of {row['num_lesion']}", alarms]
