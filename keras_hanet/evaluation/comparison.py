"""Runs against each other on the same images: differences with intervals and paired tests.

The intervals and p-values speak of the images that might have been drawn. They do not speak of the training: a second
seed of the same recipe moves the mean as well, and one run a variant cannot tell the two apart.
"""

import math

import numpy as np
from scipy.stats import permutation_test

from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import dice_or_one, is_lesion
from keras_hanet.evaluation.markdown import SCORE_LABELS, format_interval, format_table
from keras_hanet.evaluation.statistics import mean_interval

SCORES = ("dice", "jaccard", "hd95_px", "nsd")


def paired_difference(reference, variant, groups, seed=0, num_resamples=9999):
    """Mean difference of two runs on the same images, its interval and a paired permutation test.

    The test flips the sign of a whole group's differences: if the two runs were alike, which of them gave
    which scores of a group would be arbitrary. Images of a group (one frame twice, one patient) are won and
    lost together; flipping them one by one would take a win that is counted four times for four wins
    and make p too small. Two-sided; all 2^groups flips where they are no more than `num_resamples`, else
    that many at random, so that p is at least 2 / (num_resamples + 1).

    Args:
        reference, variant: (N,) numbers, one an image; a pair with nan on either side is left out.
        groups: (N,) names, one an image.
        seed: of the bootstrap and of the flips.
        num_resamples: of the flips.

    Returns:
        {"num_pairs", "difference": {"mean", "ci95"} of variant - reference as `mean_interval`, "p": 0..1, or
        None with fewer than two groups}.

    Raises:
        ValueError: if the lengths differ.
    """
    differences = np.asarray(variant, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    interval = mean_interval(differences, groups, seed=seed)
    scored = ~np.isnan(differences)
    found = {"num_pairs": int(scored.sum()), "difference": interval, "p": None}
    if interval["ci95"] is None:
        return found
    _, members = np.unique(np.asarray(groups, dtype=str)[scored], return_inverse=True)
    test = permutation_test(
        (np.bincount(members, weights=differences[scored]),),
        np.sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=num_resamples,
        batch=1000,
        random_state=np.random.default_rng(seed),
    )
    return {**found, "p": float(test.pvalue)}


def holm(p_values):
    """p-values corrected for their number: Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    The chance of even one false finding among them stays below the level, whatever their dependence.

    Args:
        p_values: sequence of K numbers, 0..1.

    Returns:
        list of K floats in the order given: the k-th smallest (k = 0..K-1) times K - k, at least as large as
        those before it, at most 1.
    """
    order = np.argsort(p_values, kind="stable")
    factors = len(order) - np.arange(len(order))
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(factors * np.asarray(p_values, dtype=float)[order]), 1)
    return corrected.tolist()


def compare_runs(reference_rows, runs, scores=SCORES, reference_name="reference", seed=0):
    """Hold runs against a reference on the same images.

    A score is compared over lesion images, where Dice, IoU, NSD and distances are always scored: a missed
    lesion counts. A pair that either run leaves unscored (the precision of an empty prediction) is left
    out. Two names stand for more than a column: "false_alarm_rate", over normal images (1 for a false alarm, 0 for a
    true negative), and "dice_true_negative_as_one", over all. Images are matched by source and id; groups are
    those of the reference. The Holm correction is over the runs, for each score by itself.

    Args:
        reference_rows: list of dicts with the columns of `cases.csv`.
        runs: {name: list of such dicts}.
        scores: names of columns, or the two above.
        reference_name: of the reference in the table.
        seed: of bootstrap and test.

    Returns:
        list of dicts, the reference first: {"name", "num": lesion images, "missed", and for each score
        {"mean", "ci95"}; except for the reference these also hold "difference" {"mean", "ci95"} of
        run - reference, "num_pairs", "p", "p_holm"}. Every number is finite or None, ready for JSON.

    Raises:
        InputError: if an image is twice in a run, not in both of two runs, or has another reference mask.
    """
    reference = _by_image(reference_name, reference_rows)
    groups = [f"{row['source']}/{row['group']}" for row in reference.values()]
    columns = {score: _values(reference.values(), score) for score in scores}
    table = [{**_count(reference_name, reference_rows), **_means(columns, groups, seed)}]
    for name, rows in runs.items():
        matched = _match(reference_name, reference, name, _by_image(name, rows))
        values = {score: _values(matched, score) for score in scores}
        entry = {**_count(name, rows), **_means(values, groups, seed)}
        for score in scores:
            entry[score] |= {**paired_difference(columns[score], values[score], groups, seed), "p_holm": None}
        table.append(entry)
    for score in scores:
        tested = [entry[score] for entry in table[1:] if entry[score]["p"] is not None]
        for cell, p in zip(tested, holm([cell["p"] for cell in tested]), strict=True):
            cell["p_holm"] = p
    return table


def format_comparison(table, score="dice"):
    """Write one score of `compare_runs` as a Markdown table, one row a run.

    Returns:
        str, without a line break at its end: mean [95 % interval], difference [95 % interval], p, p after Holm.
    """
    label, factor = SCORE_LABELS.get(score, (score, 1))
    lines = [("run", "lesion images", "missed", label, f"difference to {table[0]['name']}", "p", "p, Holm")]
    for entry in table:
        cell = entry[score]
        difference = format_interval(cell.get("difference"), factor, sign="+")
        p_values = (_format_p(cell.get(name)) for name in ("p", "p_holm"))
        counts = (str(entry["num"]), str(entry["missed"]))
        lines.append((entry["name"], *counts, format_interval(cell, factor), difference, *p_values))
    return format_table(lines)


def _by_image(name, rows):
    images = {f"{row['source']}/{row['id']}": row for row in rows}
    if len(images) < len(rows):
        raise InputError(f"{name}: expected each image once, got {len(rows)} rows of {len(images)}; give one run")
    return images


def _match(reference_name, reference, name, images):
    """The rows of a run in the order of the reference."""
    alone = sorted(reference.keys() ^ images.keys())
    if alone:
        raise InputError(
            f"expected the same images in {reference_name} and {name}, but {alone[0]} is in one of them only, "
            f"{len(alone)} such in all; score both on the same images"
        )
    for image, row in reference.items():
        sizes = [[of[key] for key in ("height", "width", "lesion_area_px")] for of in (row, images[image])]
        if sizes[0] != sizes[1]:
            raise InputError(
                f"expected one reference mask for {image}, but height, width and lesion area are {sizes[0]} in "
                f"{reference_name} and {sizes[1]} in {name}; score both on the same data"
            )
    return [images[image] for image in reference]


def _values(rows, score):
    return [_value(row, score) for row in rows]


def _value(row, score):
    if score == "false_alarm_rate":
        return {"false alarm": 1.0, "true negative": 0.0}.get(row["counted_as"], math.nan)
    if score == "dice_true_negative_as_one":
        return dice_or_one(row)
    return row[score] if is_lesion(row) else math.nan


def _count(name, rows):
    counted_as = [row["counted_as"] for row in rows]
    missed = counted_as.count("missed lesion")
    return {"name": name, "num": counted_as.count("lesion case") + missed, "missed": missed}


def _means(columns, groups, seed):
    return {score: mean_interval(values, groups, seed=seed) for score, values in columns.items()}


def _format_p(p):
    if p is None:
        return ""
    return "< 0.001" if p < 0.0005 else f"{p:.3f}"
