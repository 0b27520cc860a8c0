"""One row of scores an image, the table of them, and its summary.

Whether an image shows a lesion is decided by its reference mask, not by its diagnosis. All scores
follow the rule for empty masks of `keras_hanet.metrics`; "not scored" is nan in a row and an empty
cell in the file.
"""

import csv
import math
from pathlib import Path

from keras_hanet import metrics
from keras_hanet.errors import InputError
from keras_hanet.evaluation.statistics import mean_interval
from keras_hanet.files import replacing

COUNTED_AS = ("lesion case", "missed lesion", "false alarm", "true negative")
OVERLAP_SCORES = ("dice", "jaccard", "accuracy", "sensitivity", "specificity", "precision")
SURFACE_SCORES = ("hd95_px", "assd_px", "nsd")
SCORES_AT_S = tuple(f"{name}_at_s" for name in OVERLAP_SCORES)
SCORES = (*OVERLAP_SCORES, *SURFACE_SCORES, *SCORES_AT_S)
COLUMNS = (
    *("id", "source", "diagnosis", "group", "fold", "height", "width"),
    *(*OVERLAP_SCORES, *SURFACE_SCORES, "false_area_px", "lesion_area_px", "counted_as"),
    *SCORES_AT_S,
)
_COUNTS = ("height", "width", "false_area_px", "lesion_area_px")
_PARTS = ("lesion", "normal", "all")
_TABLE = (  # label, key of the summary, factor
    ("false-alarm rate, %", "false_alarm_rate", 100),
    ("false area, px", "false_area_px", 1),
    ("Dice, %", "dice", 100),
    ("Dice, true negative as 1, %", "dice_true_negative_as_one", 100),
    ("IoU (Jaccard), %", "jaccard", 100),
    ("sensitivity, %", "sensitivity", 100),
    ("specificity, %", "specificity", 100),
    ("precision, %", "precision", 100),
    ("accuracy, %", "accuracy", 100),
    ("NSD, %", "nsd", 100),
    ("HD95, px", "hd95_px", 1),
    ("ASSD, px", "assd_px", 1),
    ("Dice at the model's size, %", "dice_at_s", 100),
    ("IoU at the model's size, %", "jaccard_at_s", 100),
)


def score_case(mask_true, mask_pred):
    """Score one image at its own size.

    NSD's tolerance is 2 pixels of a 256 x 256 grid, scaled by the mean of the image's sides:
    2 / 256 * (H + W) / 2 pixels. Distances are in pixels of the image.

    Args:
        mask_true: (H, W) in {0, 1}; the reference.
        mask_pred: (H, W) in {0, 1}.

    Returns:
        dict of the overlap scores and `nsd` (0..1), `hd95_px`, `assd_px`, `false_area_px` (predicted
        pixels of an image whose reference is empty, 0 in every other image), `lesion_area_px`
        (pixels of the reference) and `counted_as`, one of COUNTED_AS.

    Raises:
        ValueError: as `metrics.confusion`.
    """
    counts = metrics.confusion(mask_true, mask_pred)
    distances = metrics.surface_distances(mask_true, mask_pred)
    lesion_area, predicted_area = counts.tp + counts.fn, counts.tp + counts.fp
    if lesion_area:
        counted_as = "lesion case" if predicted_area else "missed lesion"
    else:
        counted_as = "false alarm" if predicted_area else "true negative"
    return {
        **_overlap(counts),
        "hd95_px": metrics.hd95(distances),
        "assd_px": metrics.assd(distances),
        "nsd": metrics.nsd(distances, tolerance=2 / 256 * sum(mask_true.shape) / 2),
        "false_area_px": 0 if lesion_area else predicted_area,
        "lesion_area_px": lesion_area,
        "counted_as": counted_as,
    }


def score_case_at_s(mask_true, mask_pred):
    """Overlap scores of one image at the model's size, under the names of SCORES_AT_S.

    Args:
        mask_true: (S, S) in {0, 1}; the reference, resized by nearest.
        mask_pred: (S, S) in {0, 1}.
    """
    scores = _overlap(metrics.confusion(mask_true, mask_pred))
    return {f"{name}_at_s": value for name, value in scores.items()}


def write_cases(path, rows):
    """Write one row an image, in the order of COLUMNS; None and nan become empty cells.

    Raises:
        ValueError: if a row has a key that is no column.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _to_cell(value) for name, value in row.items()} for row in rows)


def read_cases(path):
    """Read what `write_cases` wrote: a list of dicts with the keys COLUMNS.

    Scores are floats, nan where the cell is empty; sizes and areas are integers; `fold` is an
    integer or None; `diagnosis` is None where it is not known.

    Raises:
        InputError: if there is no such file, a column is missing or a cell cannot be read.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: expected a table of cases, found no such file; check the path")
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path}: expected a table of cases, it lacks the column {missing[0]!r}")
        return [
            {name: _from_cell(name, row[name], f"{path}, line {reader.line_num}") for name in COLUMNS}
            for row in reader
        ]


def summarise(rows, seed=0):
    """Means with 95 % intervals, clustered on `group`, of lesion images, normal images and all.

    Args:
        rows: list of dicts, as `read_cases` gives them; what a row lacks was not scored.
        seed: of the bootstrap.

    Returns:
        {"lesion": {"num", "missed", one {"mean", "ci95"} a score, and "by_diagnosis" if there is more
        than one}, "normal": {"num", "false_alarms", "false_alarm_rate", "false_area_px", ...},
        "all": {"num", "num_scored", one entry a score, "dice_true_negative_as_one"}}. Every number is
        finite or None, ready for JSON. "all" averages over the scored images; Dice with a true
        negative counted as 1 stands beside it under its own name.
    """
    lesion = [row for row in rows if row["counted_as"] in ("lesion case", "missed lesion")]
    normal = [row for row in rows if row["counted_as"] in ("false alarm", "true negative")]
    missed = [row["counted_as"] == "missed lesion" for row in lesion]
    alarms = [row["counted_as"] == "false alarm" for row in normal]
    as_one = [1.0 if row["counted_as"] == "true negative" else row["dice"] for row in rows]
    summary = {
        "lesion": {"num": len(lesion), "missed": sum(missed), **_means(lesion, SCORES, seed)},
        "normal": {
            "num": len(normal),
            "false_alarms": sum(alarms),
            "false_alarm_rate": _interval(normal, alarms, seed),
            **_means(normal, ("false_area_px", "specificity", "accuracy"), seed),
        },
        "all": {
            "num": len(rows),
            "num_scored": len(lesion) + sum(alarms),
            **_means(rows, SCORES, seed),
            "dice_true_negative_as_one": _interval(rows, as_one, seed),
        },
    }
    diagnoses = sorted({row["diagnosis"] for row in lesion if row["diagnosis"]})
    if len(diagnoses) > 1:
        parts = {name: [row for row in lesion if row["diagnosis"] == name] for name in diagnoses}
        summary["lesion"]["by_diagnosis"] = {
            name: {"num": len(part), **_means(part, ("dice", "jaccard"), seed)}
            for name, part in parts.items()
        }
    return summary


def format_summary(summary):
    """Write a summary as a Markdown table: lesion, normal and all images side by side.

    Means come with their 95 % intervals. "All" averages over the scored images; true negatives are
    scored by specificity and accuracy only.

    Args:
        summary: what `summarise` gives.

    Returns:
        str, without a line break at its end; the columns are padded to line up in a terminal.
    """
    lesion, normal, everything = (summary[part] for part in _PARTS)
    scored = f"{everything['num_scored']} of {everything['num']}"
    lines = [
        ("", "lesion images", "normal images", "all scored images"),
        ("images", str(lesion["num"]), str(normal["num"]), scored),
        ("missed lesions", str(lesion["missed"]), "", ""),
        ("false alarms", "", str(normal["false_alarms"]), ""),
    ]
    for label, key, factor in _TABLE:
        cells = [_format_interval(summary[part].get(key), factor) for part in _PARTS]
        if any(cells):
            lines.append((label, *cells))
    for name, part in lesion.get("by_diagnosis", {}).items():
        for label, key in (("Dice", "dice"), ("IoU", "jaccard")):
            cell = _format_interval(part[key], 100)
            lines.append((f"{label}, {part['num']} {name}, %", cell, "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    lines.insert(1, ("-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])))
    first, *others = widths
    return "\n".join(
        f"| {label:<{first}} | " + " | ".join(map(str.rjust, cells, others)) + " |" for label, *cells in lines
    )


def _format_interval(entry, factor):
    if entry is None or entry["mean"] is None:
        return ""
    mean = f"{factor * entry['mean']:.1f}"
    if entry["ci95"] is None:
        return mean
    low, high = entry["ci95"]
    return f"{mean} [{factor * low:.1f}, {factor * high:.1f}]"


def _overlap(counts):
    return {name: getattr(metrics, name)(counts) for name in OVERLAP_SCORES}


def _means(rows, names, seed):
    return {name: _interval(rows, [row.get(name, math.nan) for row in rows], seed) for name in names}


def _interval(rows, values, seed):
    return mean_interval(values, [row["group"] for row in rows], seed=seed)


def _to_cell(value):
    return "" if value is None or value != value else value


def _from_cell(name, text, where):
    try:
        if name in ("id", "source", "group"):
            return text
        if name == "diagnosis":
            return text or None
        if name == "counted_as":
            return COUNTED_AS[COUNTED_AS.index(text)]
        if name in _COUNTS:
            return int(text)
        if name == "fold":
            return None if text == "" else int(text)
        return math.nan if text == "" else float(text)
    except (TypeError, ValueError):
        raise InputError(f"{where}: {text!r} cannot be read as {name!r}; write the table again") from None
