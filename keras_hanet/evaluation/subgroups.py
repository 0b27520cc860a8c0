"""Scores of lesion images in parts: by diagnosis, lesion size, annotation on the image, device."""

import numpy as np

from keras_hanet.evaluation.cases import is_lesion
from keras_hanet.evaluation.statistics import mean_interval

SCORES = ("dice", "jaccard", "hd95_px")
SIZES = ("small", "medium", "large")


def subgroups(rows, seed=0):
    """Score the parts of a data set beside each other; lesion images only.

    Lesion size is the lesion's share of the image, lesion_area_px / (height * width), cut at its
    terciles over the lesion images of `rows`: "small" up to the first, "medium" up to the second,
    "large" above it. The cuts are those of these rows; other rows have other cuts.

    Args:
        rows: list of dicts with the columns of `cases.csv`. `device` and `annotated` (1: colour, calipers
            or text on the image; 0: clean) may be missing; an image of which they are not known is in
            none of their parts.
        seed: of the bootstrap.

    Returns:
        {"diagnosis": parts, "lesion size": parts, "annotated": parts, "device": parts}. Parts are
        {name: {"num", "missed", "dice", "jaccard", "hd95_px"}}, each score {"mean", "ci95"} as
        `mean_interval` clustered on source and group; the parts of lesion size also have "lesion_share":
        [low, high], the shares between which they lie, 0..1. A division with fewer than two parts that
        hold an image is left out.
    """
    lesion = [row for row in rows if is_lesion(row)]
    divisions = {
        "diagnosis": _part(lesion, lambda row: row["diagnosis"]),
        "lesion size": _part_by_size(lesion),
        "annotated": _part(lesion, lambda row: {1: "annotated", 0: "clean"}.get(row.get("annotated"))),
        "device": _part(lesion, lambda row: row.get("device")),
    }
    return {
        division: {name: {**_score(part, seed), **more} for name, (part, more) in parts.items()}
        for division, parts in divisions.items()
        if len(parts) > 1
    }


def _part(rows, key):
    """{name: (rows, {})} by what `key` says of a row, names in alphabetical order; rows without a name are left out."""
    names = sorted({key(row) for row in rows} - {None, ""})
    return {name: ([row for row in rows if key(row) == name], {}) for name in names}


def _part_by_size(rows):
    """{size: (rows, {"lesion_share": [low, high]})}, small before large; sizes that hold no image are left out."""
    if not rows:
        return {}
    shares = np.array([row["lesion_area_px"] / (row["height"] * row["width"]) for row in rows])
    first, second = (float(cut) for cut in np.quantile(shares, [1 / 3, 2 / 3]))
    sizes = np.digitize(shares, [first, second], right=True)
    bounds = ([0.0, first], [first, second], [second, 1.0])
    return {
        name: ([rows[i] for i in np.flatnonzero(sizes == number)], {"lesion_share": bounds[number]})
        for number, name in enumerate(SIZES)
        if (sizes == number).any()
    }


def _score(rows, seed):
    groups = [f"{row['source']}/{row['group']}" for row in rows]
    scores = {name: mean_interval([row[name] for row in rows], groups, seed=seed) for name in SCORES}
    return {"num": len(rows), "missed": sum(row["counted_as"] == "missed lesion" for row in rows), **scores}
