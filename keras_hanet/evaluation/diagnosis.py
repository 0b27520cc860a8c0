"""How well a classification head tells normal, benign and malignant apart: areas under ROC curves."""

import numpy as np
from scipy.stats import rankdata

from keras_hanet.data.sample import DIAGNOSES

COLUMNS = tuple(f"{name}_probability" for name in DIAGNOSES)
_COMPARISONS = (  # name, which images are positive, which are taken at all
    ("malignant against benign", ("malignant",), ("benign", "malignant")),
    ("lesion against normal", ("benign", "malignant"), DIAGNOSES),
)


def area_under_curve(scores, positive):
    """Area under the ROC curve: how often a positive scores higher than a negative, ties count half.

    Args:
        scores: (N,) numbers.
        positive: (N,) bool.

    Returns:
        float 0..1; nan if there is no positive or no negative.
    """
    num_positive, num_negative = np.count_nonzero(positive), np.count_nonzero(~positive)
    if not num_positive or not num_negative:
        return float("nan")
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))


def summarise_diagnosis(rows, seed=0, num_resamples=1000):
    """Accuracy and areas under the curve, with 95 % bootstrap intervals for which whole groups are drawn.

    Args:
        rows: list of dicts with `diagnosis`, `group` and COLUMNS.
        seed: of the bootstrap.
        num_resamples: how often the groups are drawn.

    Returns:
        {"num", "accuracy", "auc": {"malignant against benign": {"num", "auc", "ci95"}, "lesion against
        normal": ...}}. A comparison with one side missing is left out. Between benign and malignant the score
        is malignant / (benign + malignant), so that an image the head takes for normal is judged as well.
    """
    normal, benign, malignant = (np.array([row[name] for row in rows], dtype=float) for name in COLUMNS)
    scores = {
        "malignant against benign": malignant / np.maximum(benign + malignant, 1e-12),
        "lesion against normal": benign + malignant,
    }
    diagnoses = np.array([row["diagnosis"] for row in rows])
    _, groups = np.unique([row["group"] for row in rows], return_inverse=True)
    predicted = np.array(DIAGNOSES)[np.argmax([normal, benign, malignant], axis=0)]
    areas = {}
    for name, positive, taken in _COMPARISONS:
        kept = np.isin(diagnoses, taken)
        is_positive = np.isin(diagnoses[kept], positive)
        area = area_under_curve(scores[name][kept], is_positive)
        if area == area:
            interval = _interval(scores[name][kept], is_positive, groups[kept], seed, num_resamples)
            areas[name] = {"num": int(kept.sum()), "auc": area, "ci95": interval}
    return {"num": len(rows), "accuracy": float(np.mean(predicted == diagnoses)), "auc": areas}


def format_diagnosis(summary):
    """The areas under the curve as lines of text, one a comparison."""
    lines = [f"Diagnosis: {100 * summary['accuracy']:.1f} % of {summary['num']} images right"]
    for name, entry in summary["auc"].items():
        low, high = entry["ci95"]
        lines.append(f"AUC, {name}: {entry['auc']:.3f} [{low:.3f}, {high:.3f}], {entry['num']} images")
    return "\n".join(lines)


def _interval(scores, positive, groups, seed, num_resamples):
    """Percentile interval; draws of groups without a positive or a negative are left out."""
    names, groups = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(groups == group) for group in range(len(names))]
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(num_resamples):
        drawn = np.concatenate([members[group] for group in rng.integers(len(members), size=len(members))])
        areas.append(area_under_curve(scores[drawn], positive[drawn]))
    return [float(value) for value in np.nanquantile(areas, (0.025, 0.975))]
