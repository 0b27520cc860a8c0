"""How well a reliability record holds: correlation, risk against coverage, calibration, and what its limit keeps."""

import numpy as np
from scipy.stats import rankdata

from keras_hanet import metrics
from keras_hanet.evaluation.cases import dice_or_one, is_lesion
from keras_hanet.evaluation.statistics import correlation_interval

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
ORDERS = ("expected Dice", "largest probability", "confidence")


def tabulate_reliability(rows, beliefs):
    """Hold beliefs against what was true.

    Args:
        rows: as of `measure_features`.
        beliefs: list of `Belief`, one a row.

    Returns:
        JSON-ready dict: `num`, counts of `count_kept` of all, `correlation` of expected with true Dice (of all images,
        a true negative 1; of the outlined ones; of the outlined lesions), its mean absolute `error`, `bins` of ten
        widths of expected Dice, `coverage` (for each of ORDERS a list of `count_kept`), `aurc` (the same, and of
        random order), `lesion_probability` with its calibration, and what is `kept` and what is `doubtful`.
    """
    expected = np.array([belief.expected_dice for belief in beliefs])
    orders = {"expected Dice": expected, **_baselines(rows)}
    keep = np.array([not belief.doubtful for belief in beliefs])
    return {
        **count_kept(rows, np.ones(len(rows), bool)),
        "correlation": _correlations(rows, expected),
        "error": float(np.mean([abs(e - dice_or_one(row)) for e, row in zip(expected, rows, strict=True)])),
        "bins": _bins([dice_or_one(row) for row in rows], expected),
        "coverage": {name: cover(rows, surety) for name, surety in orders.items()},
        "aurc": {name: area_under_risk(rows, surety) for name, surety in orders.items()}
        | {"random": float(np.mean([1 - dice_or_one(row) for row in rows]))},
        "lesion_probability": _calibration(rows, [belief.lesion_probability for belief in beliefs]),
        "kept": {"share": float(keep.mean()), **count_kept(rows, keep)},
        "doubtful": {"share": float(1 - keep.mean()), **count_kept(rows, ~keep)},
    }


def cover(rows, surety, coverages=COVERAGES):
    """What is left of the images at each coverage, the surest kept.

    Args:
        rows: as of `measure_features`.
        surety: (N,) numbers; of equal ones the earlier row is kept first.
        coverages: shares of the images, 0..1.

    Returns:
        list of `count_kept`, each with its `coverage`.
    """
    place = np.empty(len(rows), int)
    place[np.argsort(-np.asarray(surety), kind="stable")] = np.arange(len(rows))
    return [{"coverage": share, **count_kept(rows, place < round(share * len(rows)))} for share in coverages]


def count_kept(rows, keep):
    """Count what is among the images kept.

    Args:
        rows: as of `measure_features`.
        keep: (N,) bool.

    Returns:
        {"num", "lesions", "dice" (mean of the lesion images, a missed one 0; None without any), "missed", "normals",
        "false_alarms"}.
    """
    kept = [row for row, stays in zip(rows, keep, strict=True) if stays]
    lesions = [row for row in kept if is_lesion(row)]
    return {
        "num": len(kept),
        "lesions": len(lesions),
        "dice": float(np.mean([row["dice"] for row in lesions])) if lesions else None,
        "missed": sum(row["counted_as"] == "missed lesion" for row in lesions),
        "normals": len(kept) - len(lesions),
        "false_alarms": sum(row["counted_as"] == "false alarm" for row in kept),
    }


def area_under_risk(rows, surety):
    """Area under the curve of risk, 1 - Dice with a true negative as 1, against coverage, as `risk_coverage`."""
    return metrics.risk_coverage(surety, [1 - dice_or_one(row) for row in rows])[2]


def _baselines(rows):
    """What one would go by without variants: the largest probability, and the mean of the outlined pixels."""
    largest = [
        row["largest_probability"] if row["lesion_share"] else 1 - row["largest_probability"] for row in rows
    ]
    return {"largest probability": np.array(largest), "confidence": np.array([row["confidence"] for row in rows])}


def _correlations(rows, expected):
    parts = {
        "all": np.ones(len(rows), bool),
        "outlined": np.array([row["lesion_share"] > 0 for row in rows]),
        "lesions outlined": np.array([row["counted_as"] == "lesion case" for row in rows]),
    }
    true = np.array([dice_or_one(row) for row in rows])
    groups = np.array([f"{row['source']}/{row['group']}" for row in rows])
    return {
        name: {
            "num": int(part.sum()),
            "pearson": correlation_interval(expected[part], true[part], groups[part]),
            "spearman": correlation_interval(rankdata(expected[part]), rankdata(true[part]), groups[part]),
        }
        for name, part in parts.items()
    }


def _calibration(rows, probabilities):
    present = np.array([is_lesion(row) for row in rows], dtype=np.float64)
    bins = metrics.reliability(present, probabilities)
    share = float(present.mean())
    return {
        "mean": float(np.mean(probabilities)),
        "share": share,
        "brier": metrics.brier(bins),
        "brier_of_share": share * (1 - share),
        "ece": metrics.ece(bins),
        "bins": _bins(present, probabilities),
    }


def _bins(true, predicted):
    """Ten bins of a prediction of 0..1: how many images, the mean prediction and the mean of what was true."""
    place = np.minimum((10 * np.asarray(predicted)).astype(int), 9)
    return [
        {
            "from": tenth / 10,
            "num": int((place == tenth).sum()),
            "predicted": float(np.mean(np.asarray(predicted)[place == tenth])),
            "true": float(np.mean(np.asarray(true)[place == tenth])),
        }
        for tenth in range(10)
        if (place == tenth).any()
    ]
