"""What a report says of an evaluation, block by block; empty where there is nothing to say.

`made` is a tuple of the command that made the figures, () if it is not known; it follows the charts.
"""

import math

import numpy as np

from keras_hanet.evaluation.markdown import format_interval
from keras_hanet.evaluation.summary import score_lines
from keras_hanet.reports import charts
from keras_hanet.reports.document import Charts, Facts, KeyFigures, Table

_MISSED = "missed lesion"
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_DISTRIBUTIONS = (  # label, column, factor
    ("Dice, %", "dice", 100),
    ("IoU (Jaccard), %", "jaccard", 100),
    ("NSD, %", "nsd", 100),
    ("HD95, px", "hd95_px", 1),
    ("ASSD, px", "assd_px", 1),
)
_DETECTION = {"sensitivity": "sensitivity, %", "precision": "precision, %", "f1": "F1, %"}
_SIZES = (  # what, name of the chart, key of the summary, columns
    ("long axis", "agreement-long-axis", "long_axis_error", "long_axis_px", "predicted_long_axis_px"),
    ("area", "agreement-area", "area_error", "lesion_area_px", "predicted_area_px"),
)
EMPTY_MASKS = Table(
    ("reference", "prediction", "Dice, IoU", "HD95, ASSD", "NSD", "counted as"),
    (
        ("lesion", "lesion", "value", "value", "value", "lesion case"),
        ("lesion", "empty", "0", "image diagonal", "0", "missed lesion"),
        ("empty", "lesion", "0", "image diagonal", "0", "false alarm"),
        ("empty", "empty", "not scored", "not scored", "not scored", "true negative"),
    ),
    "One rule for empty masks holds in every table and chart.",
    numeric=False,
)


def show_overview(summary):
    """The few numbers to see first, and how they were measured."""
    lesion, normal = summary["lesion"], summary["normal"]
    figures = []
    if lesion["num"]:
        figures.append(_key_figure("Dice, lesion images", lesion["dice"], 100, "%"))
        figures.append(_key_figure("IoU, lesion images", lesion["jaccard"], 100, "%"))
        figures.append(("missed lesions", str(lesion["missed"]), f"of {lesion['num']} lesion images"))
        figures.append(_key_figure("HD95, lesion images", lesion["hd95_px"], 1, "px"))
    if normal["num"]:
        figures.append(("false alarms", str(normal["false_alarms"]), f"of {normal['num']} normal images"))
    facts = [("images", f"{summary['all']['num']}: {lesion['num']} with a lesion, {normal['num']} normal")]
    facts += [(name, str(summary[name])) for name in ("split", "threshold") if name in summary]
    if "min_lesion_share" in summary:
        facts.append(("smallest region kept", f"{100 * summary['min_lesion_share']:g} % of the image"))
    facts.append(("scored at", f"{summary.get('size', 'original')} size of each image"))
    return KeyFigures(tuple(figures)), Facts(tuple(facts))


def _key_figure(label, entry, factor, unit):
    mean, _, interval = format_interval(entry, factor).partition(" ")
    return label, f"{mean} {unit}", interval


def show_scores(summary):
    """The table that the command prints, lesion, normal and all images side by side."""
    header, *rows = map(tuple, score_lines(summary))
    words = (
        "Means over images, with 95 % intervals of a bootstrap that draws whole groups (copies of one frame, images of "
        "one patient). All scored images are the lesion images and the false alarms; true negatives have only an "
        "accuracy, a specificity and scores of their probabilities."
    )
    return Table(header, tuple(rows), words)


def show_distribution(lesion, made):
    """Histogram of Dice, Dice against size, quantiles.

    Args:
        lesion: rows of the lesion images, as `read_cases` gives them.
        made: see above.
    """
    if not lesion:
        return ()
    dices = [row["dice"] for row in lesion if row["counted_as"] != _MISSED]
    num_missed = len(lesion) - len(dices)
    words = f"Dice of the {len(dices)} lesion images with a prediction"
    words += f", {100 * np.mean(dices):.1f} % on average" if dices else ""
    words += f". Missed lesions, {num_missed} here, stand apart; in the mean of all they count as 0."
    histogram = charts.draw_histogram("dice-histogram", dices, num_missed)
    cases = [(row["id"], 100 * _share(row), row["dice"], row["counted_as"] == _MISSED) for row in lesion]
    by_size = charts.draw_dice_by_size("dice-by-size", cases)
    by_size_words = "Dice against lesion size, one circle an image; hollow: a missed lesion."
    figures = Charts((("dice-histogram", histogram, words), ("dice-by-size", by_size, by_size_words)))
    quantiles = [
        (label, *(f"{factor * value:.1f}" for value in np.quantile([row[name] for row in lesion], _QUANTILES)))
        for label, name, factor in _DISTRIBUTIONS
    ]
    header = ("lesion images", *(f"{100 * share:g}\N{NO-BREAK SPACE}%" for share in _QUANTILES))
    return (figures, *made, Table(header, tuple(quantiles), "Quantiles over the lesion images, missed ones included."))


def _share(row):
    return row["lesion_area_px"] / (row["height"] * row["width"])


def show_subgroups(summary, made):
    """Scores of the parts of the lesion images, as a chart and as a table."""
    divisions = summary.get("subgroups")
    if not divisions:
        return ()
    named = [
        (name if division in ("diagnosis", "annotated") else f"{division}: {name}", part)
        for division, parts in divisions.items()
        for name, part in parts.items()
    ]
    level = 100 * summary["lesion"]["dice"]["mean"]
    intervals = [(label, *charts.percent(part["dice"])) for label, part in named]
    chart = charts.draw_intervals("subgroups", "Dice by subgroup", "Dice of lesion images, %", intervals, level)
    words = "Mean Dice with its 95 % interval; dotted: all lesion images."
    sizes = divisions.get("lesion size", {})
    cuts = [f"{100 * sizes[name]['lesion_share'][1]:.1f}" for name in ("small", "medium") if name in sizes]
    words += f" Lesion size is cut at its terciles, {' and '.join(cuts)} % of the image." if cuts else ""
    rows = tuple(
        (
            label,
            str(part["num"]),
            str(part["missed"]),
            *(format_interval(part[key], factor) for key, factor in (("dice", 100), ("jaccard", 100), ("hd95_px", 1))),
        )
        for label, part in named
    )
    header = ("lesion images", "images", "missed", "Dice, %", "IoU, %", "HD95, px")
    return (Charts((("subgroups", chart, words),)), *made, Table(header, rows))


def show_detection(summary):
    """Lesions found and regions that are lesions, each counted by itself."""
    detection = summary["lesion"].get("detection")
    if not detection or detection["iou10"]["sensitivity"]["mean"] is None:
        return ()
    rows = tuple(
        (f"IoU of {bound} or more", *(format_interval(detection[name][key], 100) for key in _DETECTION))
        for name, bound in (("iou10", "0.1"), ("iou50", "0.5"))
    )
    words = "Lesions of the lesion images and predicted regions, matched one to one: how many lesions were found, and "
    return (Table(("found at", *_DETECTION.values()), rows, words + "how many regions are a lesion."),)


def show_size(lesion, summary, made):
    """Bland-Altman plots of long axis and area, and their numbers; arguments as of `show_distribution`."""
    figures, rows = [], []
    for what, name, key, name_true, name_pred in _SIZES:
        error = summary["lesion"].get(key)
        if not error or error["bias_px"] is None:
            continue
        pairs = [_pair(row, name_true, name_pred) for row in lesion]
        chart = charts.draw_agreement(name, f"{what}, px", [pair for pair in pairs if not math.isnan(pair[2])], error)
        words = f"Bland-Altman plot of the {what}: bias and 95 % limits of agreement; green: no difference."
        figures.append((name, chart, words))
        limits = "" if error["limits_px"] is None else " to ".join(f"{limit:,.1f}" for limit in error["limits_px"])
        spread = "" if error["sd_px"] is None else f"{error['sd_px']:,.1f}"
        relative = format_interval(error["mean_absolute_percent"])
        rows.append((f"{what}, px", f"{error['bias_px']:,.1f}", spread, limits, relative))
    if not rows:
        return ()
    header = ("predicted minus reference", "bias", "SD", "limits of agreement", "mean absolute error, %")
    table = Table(header, tuple(rows), "A missed lesion has the predicted size 0 (hollow circles).")
    return (Charts(tuple(figures)), *made, table)


def _pair(row, name_true, name_pred):
    missed = row["counted_as"] == _MISSED
    return row["id"], row[name_true], 0.0 if missed else row[name_pred], missed


def show_confidence(summary, made):
    """Reliability diagram, risk against coverage, the bins of the former."""
    figures, tables = [], []
    calibration, curve = summary.get("calibration"), summary.get("risk_coverage")
    if calibration:
        words = (
            "Reliability diagram, pooled over all pixels of all images, most of them background: expected calibration "
            f"error (ECE) {calibration['ece']:.4f}, Brier score {calibration['brier']:.4f}."
        )
        figures.append(("reliability", charts.draw_reliability("reliability", calibration), words))
        tables.append(_bins(calibration))
    if curve and curve["risk"]:
        words = (
            "Risk over the images that the model is surest of, a true negative counting as Dice 1: area under the "
            f"curve (AURC) {curve['aurc']:.3f}."
        )
        figures.append(("risk-coverage", charts.draw_risk_coverage("risk-coverage", curve), words))
    return (Charts(tuple(figures)), *made, *tables) if figures else ()


def show_diagnosis(summary):
    """What a classification head says of the images, where the model has one."""
    diagnosis = summary.get("diagnosis")
    if not diagnosis:
        return ()
    rows = tuple(
        (name, str(entry["num"]), f"{entry['auc']:.3f} [{entry['ci95'][0]:.3f}, {entry['ci95'][1]:.3f}]")
        for name, entry in diagnosis["auc"].items()
    )
    words = (
        f"The classification head is right about {100 * diagnosis['accuracy']:.1f} % of {diagnosis['num']} images: "
        "normal, benign or malignant. Areas under the ROC curve (AUC) with their 95 % intervals."
    )
    return (Table(("comparison", "images", "AUC"), rows, words),)


def _bins(calibration):
    edges = calibration["edges"]
    columns = (calibration[key] for key in ("count", "mean_probability", "lesion_share"))
    rows = tuple(
        (f"{low:.1f} to {high:.1f}", f"{count:,}", *("" if value is None else f"{value:.3f}" for value in values))
        for low, high, count, *values in zip(edges[:-1], edges[1:], *columns, strict=True)
    )
    return Table(("probability", "pixels", "mean probability", "share of lesion"), rows)
