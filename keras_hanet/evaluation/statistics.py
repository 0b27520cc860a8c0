"""The mean of a score over images, with an interval that knows which images belong together."""

import numpy as np
from scipy.stats import bootstrap


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
    values, groups = np.asarray(values, dtype=np.float64), np.asarray(groups, dtype=str)
    if values.ndim != 1 or values.shape != groups.shape:
        raise ValueError(
            "One group is needed for each value. "
            f"Received: values.shape={values.shape}, groups.shape={groups.shape}"
        )
    scored = ~np.isnan(values)
    if not scored.any():
        return {"mean": None, "ci95": None}
    values = values[scored]
    _, members = np.unique(groups[scored], return_inverse=True)
    sums, counts = np.bincount(members, weights=values), np.bincount(members)
    mean = float(values.mean())
    if len(counts) < 2:
        return {"mean": mean, "ci95": None}
    interval = bootstrap(
        (sums, counts),
        _mean_of_groups,
        paired=True,
        vectorized=True,
        n_resamples=num_resamples,
        confidence_level=0.95,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return {"mean": mean, "ci95": [float(interval.low), float(interval.high)]}


def _mean_of_groups(sums, counts, axis=-1):
    return sums.sum(axis=axis) / counts.sum(axis=axis)
