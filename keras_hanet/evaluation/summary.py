"""From rows of cases to a summary with intervals, and the summary as a table for people."""

import math

import numpy as np

from keras_hanet import metrics
from keras_hanet.evaluation.cases import (
    OVERLAP_SCORES,
    PIXEL_SCORES,
    SCORES_AT_S,
    SURFACE_SCORES,
    dice_or_one,
    is_lesion,
)
from keras_hanet.evaluation.markdown import format_interval, format_table
from keras_hanet.evaluation.statistics import mean_interval, ratio_interval
from keras_hanet.evaluation.subgroups import subgroups

SCORES = (*OVERLAP_SCORES, *SURFACE_SCORES, *PIXEL_SCORES, *SCORES_AT_S)
NUM_COVERAGES = 20
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
    ("HD, px", "hd_px", 1),
    ("ASSD, px", "assd_px", 1),
    ("Brier score, %", "brier", 100),
    ("calibration error (ECE), %", "ece", 100),
    ("Dice at the model's size, %", "dice_at_s", 100),
    ("IoU at the model's size, %", "jaccard_at_s", 100),
)


def summarise(rows, seed=0):
    """Means with 95 % intervals, clustered on `group`, of lesion images, normal images and all.

    Args:
        rows: list of dicts, as `read_cases` gives them; what a row lacks was not scored.
        seed: of the bootstrap.

    Returns:
        {"lesion": {"num", "missed", one {"mean", "ci95"} a score, "detection", "area_error",
        "long_axis_error", and "by_diagnosis" if there is more than one}, "normal": {"num",
        "false_alarms", "false_alarm_rate", "false_area_px", ...}, "all": {"num", "num_scored", one entry
        a score, "dice_true_negative_as_one"}, "risk_coverage": {"coverage", "risk", "aurc"},
        "subgroups": as `subgroups` gives them}. Every number is finite or None, ready for JSON. "all"
        averages over the scored images; Dice with a true negative counted as 1 stands beside it under
        its own name.

        "detection" counts lesions over all lesion images, not over images: sensitivity is found / lesions,
        precision found / predicted regions, F1 2 found / (lesions + regions), at an IoU of 0.1 and 0.5.
        Errors of size are predicted minus true; a missed lesion has the size 0, so that no model agrees
        better by missing more.
    """
    lesion = [row for row in rows if is_lesion(row)]
    normal = [row for row in rows if not is_lesion(row)]
    missed = [row["counted_as"] == "missed lesion" for row in lesion]
    alarms = [row["counted_as"] == "false alarm" for row in normal]
    as_one = [dice_or_one(row) for row in rows]
    return {
        "lesion": {
            "num": len(lesion),
            "missed": sum(missed),
            **_means(lesion, SCORES, seed),
            "detection": {name: _detection(lesion, f"num_found_{name}", seed) for name in ("iou10", "iou50")},
            "area_error": _size_error(lesion, "lesion_area_px", "predicted_area_px", seed),
            "long_axis_error": _size_error(lesion, "long_axis_px", "predicted_long_axis_px", seed),
            **_by_diagnosis(lesion, seed),
        },
        "normal": {
            "num": len(normal),
            "false_alarms": sum(alarms),
            "false_alarm_rate": _interval(normal, alarms, seed),
            **_means(normal, ("false_area_px", "specificity", "accuracy", *PIXEL_SCORES), seed),
        },
        "all": {
            "num": len(rows),
            "num_scored": len(lesion) + sum(alarms),
            **_means(rows, SCORES, seed),
            "dice_true_negative_as_one": _interval(rows, as_one, seed),
        },
        "risk_coverage": _risk_coverage(_values(rows, "confidence"), 1 - np.array(as_one)),
        "subgroups": subgroups(rows, seed),
    }


def summarise_calibration(bins):
    """Calibration over all pixels of all images, ready for JSON.

    Args:
        bins: `metrics.Reliability`, the sum over the images.

    Returns:
        {"edges": [11], "count": [10], "mean_probability": [10], "lesion_share": [10], "ece", "brier"};
        None in a bin without a pixel.
    """
    return {
        "edges": list(metrics.EDGES),
        "count": bins.count.tolist(),
        "mean_probability": _ratios(bins.probability_sum, bins.count),
        "lesion_share": _ratios(bins.lesion_count, bins.count),
        "ece": metrics.ece(bins),
        "brier": metrics.brier(bins),
    }


def format_summary(summary):
    """Write a summary as a Markdown table: lesion, normal and all images side by side.

    Means come with their 95 % intervals, errors of size with the limits of agreement. "All" averages
    over the scored images; true negatives are scored by specificity, accuracy, Brier score and ECE only.

    Args:
        summary: what `summarise` gives.

    Returns:
        str, without a line break at its end; the columns are padded to line up in a terminal.
    """
    return format_table([*score_lines(summary), *_lesion_lines(summary["lesion"])])


def score_lines(summary):
    """The cells of a table of scores: lesion, normal and all scored images side by side.

    Args:
        summary: what `summarise` gives, or an older one; scores that it lacks are left out.

    Returns:
        list of tuples of four strings, the head first.
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
        cells = [format_interval(summary[part].get(key), factor) for part in _PARTS]
        if any(cells):
            lines.append((label, *cells))
    return lines


def _by_diagnosis(lesion, seed):
    diagnoses = sorted({row["diagnosis"] for row in lesion if row["diagnosis"]})
    if len(diagnoses) < 2:
        return {}
    parts = {name: [row for row in lesion if row["diagnosis"] == name] for name in diagnoses}
    return {
        "by_diagnosis": {
            name: {"num": len(part), **_means(part, ("dice", "jaccard"), seed)} for name, part in parts.items()
        }
    }


def _detection(lesion, name, seed):
    found, num_true, num_pred = (_values(lesion, key) for key in (name, "num_lesions", "num_predicted"))
    groups = [row["group"] for row in lesion]
    return {
        "sensitivity": ratio_interval(found, num_true, groups, seed=seed),
        "precision": ratio_interval(found, num_pred, groups, seed=seed),
        "f1": ratio_interval(2 * found, num_true + num_pred, groups, seed=seed),
    }


def _size_error(lesion, name_true, name_pred, seed):
    size_true, size_pred = _values(lesion, name_true), _values(lesion, name_pred)
    missed = [row["counted_as"] == "missed lesion" for row in lesion]
    size_pred = np.where(np.array(missed, bool) & ~np.isnan(size_true), 0.0, size_pred)
    scored = ~np.isnan(size_true) & ~np.isnan(size_pred)
    bias, sd, limits = metrics.agreement(size_true[scored], size_pred[scored])
    percent = 100 * np.abs(size_pred - size_true) / size_true
    return {
        "bias_px": _finite(bias),
        "sd_px": _finite(sd),
        "limits_px": None if math.isnan(sd) else list(limits),
        "mean_absolute_percent": _interval(lesion, percent, seed),
    }


def _risk_coverage(confidence, risk):
    """The curve at 5 %, 10 %, ..., 100 % of the images; the area under all of it."""
    scored = ~np.isnan(confidence)
    if not scored.any():
        return {"coverage": [], "risk": [], "aurc": None}
    coverage, curve, aurc = metrics.risk_coverage(confidence[scored], risk[scored])
    steps = np.arange(1, NUM_COVERAGES + 1)
    shown = np.unique(-(-steps * coverage.size // NUM_COVERAGES)) - 1
    return {"coverage": coverage[shown].tolist(), "risk": curve[shown].tolist(), "aurc": aurc}


def _lesion_lines(lesion):
    lines = []
    for name, label in (("iou10", "IoU 0.1"), ("iou50", "IoU 0.5")):
        for key, what in (("sensitivity", "found"), ("precision", "precision"), ("f1", "F1")):
            lines.append((f"lesions, {what} at {label}, %", format_interval(lesion["detection"][name][key], 100)))
    for key, label in (("area_error", "area"), ("long_axis_error", "long axis")):
        error = lesion[key]
        limits = {"mean": error["bias_px"], "ci95": error["limits_px"]}
        lines.append((f"{label}, bias [limits], px", format_interval(limits)))
    for name, part in lesion.get("by_diagnosis", {}).items():
        for label, key in (("Dice", "dice"), ("IoU", "jaccard")):
            lines.append((f"{label}, {part['num']} {name}, %", format_interval(part[key], 100)))
    return [(label, cell, "", "") for label, cell in lines if cell]


def _means(rows, names, seed):
    return {name: _interval(rows, _values(rows, name), seed) for name in names}


def _interval(rows, values, seed):
    return mean_interval(values, [row["group"] for row in rows], seed=seed)


def _values(rows, name):
    return np.array([row.get(name, math.nan) for row in rows], dtype=np.float64)


def _ratios(numerators, denominators):
    return [float(n / d) if d else None for n, d in zip(numerators, denominators, strict=True)]


def _finite(value):
    return None if math.isnan(value) else value
