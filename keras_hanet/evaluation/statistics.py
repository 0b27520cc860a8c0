"""Means and ratios over images, with an interval that knows which images belong together."""

import numpy as np
from scipy.stats import bootstrap

MIN_GROUPS = 10  # for the interval of a correlation


def mean_interval(values, groups, seed=0, num_resamples=2000):
    """Mean and its 95 % bootstrap interval, clustered: whole groups are drawn, never single images.

    Images of one patient or one frame resemble each other; drawing them one by one would take them
    for independent and make the interval too narrow. The interval is the percentile one: it stays
    within the range of the values and is defined where all groups agree, where BCa is not.

    Args:
        values: (N,) numbers, one an image; nan where the image was not scored, and then left out.
        groups: (N,) names, one an image.
        seed: of the resampling; the same input gives the same interval.
        num_resamples: how often the groups are drawn.

    Returns:
        {"mean": float, "ci95": [low, high]}. The mean is that of the images, each counting once. It
        is None if no image was scored; the interval is None if fewer than two groups were.

    Raises:
        ValueError: if the lengths differ.
    """
    return ratio_interval(values, np.ones(np.shape(values)), groups, seed, num_resamples)


def ratio_interval(numerators, denominators, groups, seed=0, num_resamples=2000):
    """Ratio of two sums over images with its 95 % bootstrap interval, clustered as `mean_interval`.

    For what is counted in each image and divided once: lesions found / lesions, summed over images.
    `mean_interval` is the same with 1 below each value.

    Args:
        numerators: (N,) numbers, one an image; nan where the image was not scored, and then left out.
        denominators: (N,) numbers of at least 0; nan likewise. An image with 0 says nothing of the
            ratio: it is left out, as one that was not scored is.
        groups, seed, num_resamples: as in `mean_interval`.

    Returns:
        {"mean": sum of the numerators / sum of the denominators, "ci95": [low, high]}. The ratio is
        None if nothing was counted; the interval is None if it comes from fewer than two groups.

    Raises:
        ValueError: if the lengths differ, a denominator is negative or a numerator stands above 0.
    """
    numerators, denominators, groups = _as_columns(numerators, denominators, groups)
    if (denominators < 0).any() or ((denominators == 0) & (numerators != 0) & ~np.isnan(numerators)).any():
        raise ValueError(
            "A denominator is at least 0, and where it is 0 so is the numerator. "
            f"Received: numerators={numerators}, denominators={denominators}"
        )
    kept = ~np.isnan(numerators) & ~np.isnan(denominators) & (denominators != 0)
    if not kept.any():
        return {"mean": None, "ci95": None}
    numerators, denominators = numerators[kept], denominators[kept]
    mean = float(numerators.sum() / denominators.sum())
    interval = _interval((numerators, denominators), groups[kept], _ratio_of_sums, seed, num_resamples)
    return {"mean": mean, "ci95": interval}


def correlation_interval(values, others, groups, seed=0, num_resamples=2000):
    """Pearson's correlation with its 95 % bootstrap interval, clustered as `mean_interval`.

    That of the ranks (`scipy.stats.rankdata`) is Spearman's; the ranks are then those of all images, not made again
    in each resample.

    Args:
        values, others: (N,) numbers, one pair an image.
        groups, seed, num_resamples: as in `mean_interval`.

    Returns:
        {"mean": the correlation, "ci95": [low, high]}. It is None where one side has no spread; the interval is None
        if it comes from fewer than ten groups, of which too many resamples would be one group over and over.

    Raises:
        ValueError: if the lengths differ.
    """
    values, others, groups = _as_columns(values, others, groups)
    if not len(values) or not values.std() or not others.std():
        return {"mean": None, "ci95": None}
    x, y = values - values.mean(), others - others.mean()
    moments = (np.ones(len(x)), x, y, x * x, y * y, x * y)
    mean = float(_correlation_of_sums(*moments))
    if len(np.unique(groups)) < MIN_GROUPS:
        return {"mean": mean, "ci95": None}
    return {"mean": mean, "ci95": _interval(moments, groups, _correlation_of_sums, seed, num_resamples)}


def _interval(columns, groups, statistic, seed, num_resamples):
    """Percentile interval of a statistic of the columns' sums over images, whole groups drawn; None for one group."""
    _, members = np.unique(groups, return_inverse=True)
    sums = [np.bincount(members, weights=values) for values in columns]
    if len(sums[0]) < 2:
        return None
    interval = bootstrap(
        sums,
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=num_resamples,
        confidence_level=0.95,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return [float(interval.low), float(interval.high)]


def _as_columns(values, others, groups):
    values, others = (np.asarray(column, dtype=np.float64) for column in (values, others))
    groups = np.asarray(groups, dtype=str)
    if values.ndim != 1 or not values.shape == others.shape == groups.shape:
        raise ValueError(
            "One group is needed for each value. Received: "
            f"values.shape={values.shape}, others.shape={others.shape}, groups.shape={groups.shape}"
        )
    return values, others, groups


def _ratio_of_sums(numerators, denominators, axis=-1):
    return numerators.sum(axis=axis) / denominators.sum(axis=axis)


def _correlation_of_sums(num, x, y, xx, yy, xy, axis=-1):
    num, x, y, xx, yy, xy = (np.sum(values, axis=axis) for values in (num, x, y, xx, yy, xy))
    spread = np.sqrt(np.maximum((xx - x * x / num) * (yy - y * y / num), 0))
    return np.divide(xy - x * y / num, spread, out=np.zeros_like(spread), where=spread > 0)  # no spread, no correlation
