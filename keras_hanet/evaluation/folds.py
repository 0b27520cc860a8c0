"""Cross-validation: scores of each fold, and of all folds together with each image once."""

import numpy as np

from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import dice_or_one, is_lesion
from keras_hanet.evaluation.markdown import SCORE_LABELS, format_interval, format_table
from keras_hanet.evaluation.statistics import mean_interval

_SCORES = {  # part: scores with an interval
    "lesion": ("dice", "jaccard", "hd95_px", "nsd"),
    "normal": ("false_alarm_rate", "false_area_px"),
    "all": ("dice", "jaccard", "dice_true_negative_as_one"),
}


def pooled_table(rows, seed=0):
    """Scores of each fold and pooled over them, of lesion images, normal images and all.

    Pooled, every image counts once, whatever the size of its fold, and the interval is clustered on source and group.
    The mean and the standard deviation of the folds' means stand beside it because papers print them;
    they are no interval: the folds share their training images, and no unbiased estimate of the variance
    comes from them (Bengio and Grandvalet, JMLR 5 (2004) 1089).

    Args:
        rows: list of dicts with the columns of `cases.csv`, each image in one fold.
        seed: of the bootstrap.

    Returns:
        {"folds": [{"fold": 0, "lesion": part, "normal": part, "all": part}, ...], "pooled": {"lesion",
        "normal", "all"}, "over_folds": the same with {"mean", "sd"} a score}. A part holds "num" and
        {"mean", "ci95"} a score, under the names of `summary.json`; lesion also "missed", normal
        "false_alarms", all "num_scored", over which its Dice and IoU are means. Every number is finite or
        None, ready for JSON.

    Raises:
        InputError: if there is no image, one is there twice or has no fold.
    """
    _check(rows)
    numbers = sorted({row["fold"] for row in rows})
    folds = [{"fold": number, **_score([row for row in rows if row["fold"] == number], seed)} for number in numbers]
    over_folds = {
        part: {name: _spread([fold[part][name]["mean"] for fold in folds]) for name in names}
        for part, names in _SCORES.items()
    }
    return {"folds": folds, "pooled": _score(rows, seed), "over_folds": over_folds}


def format_pooled_table(table):
    """Write what `pooled_table` gives as a Markdown table: one row a fold, then all of them.

    Returns:
        str, without a line break at its end; means with 95 % intervals, and mean ± standard deviation of the folds.
    """
    columns = [(part, name) for part, names in _SCORES.items() for name in names]
    head = ["fold", "images (lesion + normal)", "missed"]
    lines = [[*head, *(f"{part}: {SCORE_LABELS[name][0]}" for part, name in columns)]]
    for label, entry in [*((str(fold["fold"]), fold) for fold in table["folds"]), ("pooled", table["pooled"])]:
        cells = [format_interval(entry[part][name], SCORE_LABELS[name][1]) for part, name in columns]
        counts = f"{entry['lesion']['num']} + {entry['normal']['num']}"
        lines.append([label, counts, str(entry["lesion"]["missed"]), *cells])
    cells = [_format_spread(table["over_folds"][part][name], SCORE_LABELS[name][1]) for part, name in columns]
    lines.append(["mean ± sd of folds", "", "", *cells])
    shown = [column for column in zip(*lines, strict=True) if any(column[1:])]
    return format_table(list(zip(*shown, strict=True)))


def _check(rows):
    if not rows:
        raise InputError("expected the scores of at least one image, got none; score the folds first")
    for row in rows:
        if row["fold"] is None:
            raise InputError(f"{row['source']}/{row['id']}: expected a fold, got none; give the scores of folds")
    num_images = len({(row["source"], row["id"]) for row in rows})
    if num_images < len(rows):
        raise InputError(f"expected each image in one fold, got {len(rows)} rows of {num_images}; pool one run")


def _score(rows, seed):
    lesion = [row for row in rows if is_lesion(row)]
    normal = [_with_alarm(row) for row in rows if not is_lesion(row)]
    everything = [{**row, "dice_true_negative_as_one": dice_or_one(row)} for row in rows]
    return {
        "lesion": {
            **{"num": len(lesion), "missed": sum(row["counted_as"] == "missed lesion" for row in lesion)},
            **_means(lesion, _SCORES["lesion"], seed),
        },
        "normal": {
            **{"num": len(normal), "false_alarms": sum(row["false_alarm_rate"] for row in normal)},
            **_means(normal, _SCORES["normal"], seed),
        },
        "all": {
            **{"num": len(rows), "num_scored": sum(row["counted_as"] != "true negative" for row in rows)},
            **_means(everything, _SCORES["all"], seed),
        },
    }


def _with_alarm(row):
    return {**row, "false_alarm_rate": int(row["counted_as"] == "false alarm")}


def _means(rows, names, seed):
    groups = [f"{row['source']}/{row['group']}" for row in rows]
    return {name: mean_interval([row[name] for row in rows], groups, seed=seed) for name in names}


def _spread(means):
    known = [mean for mean in means if mean is not None]
    return {
        "mean": float(np.mean(known)) if known else None,
        "sd": float(np.std(known, ddof=1)) if len(known) > 1 else None,
    }


def _format_spread(entry, factor):
    if entry["mean"] is None:
        return ""
    spread = "" if entry["sd"] is None else f" ± {factor * entry['sd']:.1f}"
    return f"{factor * entry['mean']:.1f}{spread}"
