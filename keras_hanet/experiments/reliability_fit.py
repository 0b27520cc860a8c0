"""From scored predictions to a reliability record: two logistic models, and the limit of doubt."""

from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from keras_hanet.analysis.image_statistics import distance, fit_distribution
from keras_hanet.analysis.reliability import Reliability, believe, log_odds
from keras_hanet.analysis.size_error import relative_error_quantiles
from keras_hanet.analysis.variants import Stability
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import is_lesion

MIN_DICE = 0.8  # mean of the lesion images kept, which the limit of doubt is to reach
MAX_MISSED = 0.05  # of the lesion images kept
COMMON_SHARE = 99  # percent of held-out training images within the limit of distance
_DIGITS = 6


def fit_models(rows):
    """Fit the probability of a lesion, the expected Dice and the limit of doubt.

    The Dice of an outline is fitted as a share is: each image counts as a hit with the weight of its Dice and as a
    failure with the rest (fractional logit: Papke and Wooldridge, J. Appl. Econometrics 11 (1996) 619). An outline
    where there is no lesion counts with 0.

    Args:
        rows: as of `measure_features`, of images that the predictors were not trained on.

    Returns:
        `Reliability` without distributions.

    Raises:
        InputError: if there is no image with a lesion or none without, too few outlines, or as `choose_limit`.
    """
    present = np.array([is_lesion(row) for row in rows], dtype=np.float64)
    if not 0 < present.sum() < len(rows):
        raise InputError("expected images with and without a lesion to fit on, got one kind; give data with both")
    seen = [(log_odds(row["largest_probability"]), row["lesion_share"] ** 0.5) for row in rows]
    outlined = [row for row in rows if row["lesion_share"]]
    quantiles = relative_error_quantiles(rows)
    stability = [(row["agreement"], row["confidence"]) for row in outlined]
    dices = np.array([row["dice"] for row in outlined])
    models = Reliability(
        lesion_weights=_fit_shares(seen, present),
        dice_weights=_fit_shares(stability, dices),
        doubtful_below=0.0,
        distributions={},
        distance_limit=0.0,
        long_axis_quantiles=tuple(round(value, _DIGITS) for value in quantiles),
        fitted={},
    )
    expected = [believe_row(row, models).expected_dice for row in rows]
    return replace(models, doubtful_below=round(choose_limit(rows, expected), _DIGITS))


def cross_fit(rows, fitted_on):
    """What a record says of each image that was fitted on the images of the other folds.

    Args:
        rows: as of `measure_features`.
        fitted_on: rows likewise, with the folds of `rows`.

    Returns:
        list of `Belief`, one a row.
    """
    models = {
        fold: fit_models([row for row in fitted_on if row["fold"] != fold]) for fold in {row["fold"] for row in rows}
    }
    return [believe_row(row, models[row["fold"]]) for row in rows]


def believe_row(row, reliability):
    """The `Belief` of a `Reliability` in the prediction of a row."""
    stability = Stability(row["agreement"], row["confidence"])
    return believe(row["largest_probability"], row["lesion_share"], stability, reliability)


def choose_limit(rows, expected):
    """The expected Dice below which a result is doubtful: as many images are kept as the target allows.

    Of the lesion images kept the mean Dice is to be at least MIN_DICE, and at most MAX_MISSED of them may be missed.
    Images of one expected Dice, such as those of which a network sees nothing at all, are kept or given away together.

    Args:
        rows: as of `measure_features`.
        expected: their expected Dice, 0..1.

    Returns:
        float: halfway between the expected Dice of the least sure image kept and of the surest that is not.

    Raises:
        InputError: if no limit reaches the target.
    """
    expected = np.asarray(expected, dtype=np.float64)
    order = np.argsort(-expected, kind="stable")
    falling = np.append(expected[order], 0.0)
    lesion = np.array([is_lesion(rows[i]) for i in order])
    num_lesion = np.cumsum(lesion)
    dice = np.cumsum([rows[i]["dice"] if is_lesion(rows[i]) else 0.0 for i in order])
    missed = np.cumsum([rows[i]["counted_as"] == "missed lesion" for i in order])
    is_last_of_its_kind = falling[:-1] > falling[1:]
    is_good = (num_lesion > 0) & (dice >= MIN_DICE * num_lesion) & (missed <= MAX_MISSED * num_lesion)
    reached = is_last_of_its_kind & is_good
    if not reached.any():
        raise InputError(
            f"expected a limit at which the images kept have a mean Dice of {MIN_DICE}, found none; train a better "
            "model first"
        )
    last = np.flatnonzero(reached)[-1]
    return float(falling[last : last + 2].mean())


def fit_distances(statistics, folds):
    """Fit where training images lie, and how far away an image is unlike them.

    Args:
        statistics: {name of a data set: (N, 13) of its images}; the first is the one with folds.
        folds: (N,) fold of each image of the first. The limit is the COMMON_SHARE percentile of the distances of its
            images, those of a fold measured without it.

    Returns:
        ({name: `Distribution`}, limit)
    """
    known = {name: fit_distribution(values) for name, values in statistics.items()}
    first, *others = known
    values, folds = np.asarray(statistics[first]), np.asarray(folds)
    distances = []
    for fold in np.unique(folds):
        near = [fit_distribution(values[folds != fold]), *(known[name] for name in others)]
        distances += [distance(row, near) for row in values[folds == fold]]
    return known, round(float(np.percentile(distances, COMMON_SHARE)), _DIGITS)


def _fit_shares(values, shares):
    """Weights of a logistic model of shares, 0..1: that of the constant, then one a column of `values`."""
    values = np.asarray(values, dtype=np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    scaled = (values - mean) / spread
    targets = np.repeat([1, 0], len(values))
    model = LogisticRegression().fit(np.tile(scaled, (2, 1)), targets, np.concatenate([shares, 1 - shares]))
    slopes = model.coef_[0] / spread
    return tuple(round(float(weight), _DIGITS) for weight in (model.intercept_[0] - slopes @ mean, *slopes))
