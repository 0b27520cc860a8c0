"""One row of scores an image, and the table of them.

Whether an image shows a lesion is decided by its reference mask, not by its diagnosis. All scores
follow the rule for empty masks of `keras_hanet.metrics`; "not scored" is nan in a row and an empty
cell in the file.
"""

import csv
import io
import math

import numpy as np

from keras_hanet import metrics
from keras_hanet.errors import InputError
from keras_hanet.evaluation.diagnosis import COLUMNS as DIAGNOSIS_COLUMNS
from keras_hanet.files import read_text, write_table

COUNTED_AS = ("lesion case", "missed lesion", "false alarm", "true negative")
OVERLAP_SCORES = ("dice", "jaccard", "accuracy", "sensitivity", "specificity", "precision")
SURFACE_SCORES = ("hd95_px", "assd_px", "nsd", "hd_px")
PIXEL_SCORES = ("brier", "ece")
SCORES_AT_S = tuple(f"{name}_at_s" for name in OVERLAP_SCORES)
COLUMNS = (
    *("id", "source", "diagnosis", "group", "fold", "height", "width", *OVERLAP_SCORES),
    *("hd95_px", "assd_px", "nsd", "false_area_px", "lesion_area_px", "counted_as", *SCORES_AT_S),
    *("hd_px", "predicted_area_px", "long_axis_px", "predicted_long_axis_px"),
    *("num_lesions", "num_predicted", "num_found_iou10", "num_found_iou50"),
    *(*PIXEL_SCORES, "confidence", "device", "annotated", *DIAGNOSIS_COLUMNS),
)
_LATER = COLUMNS[COLUMNS.index("hd_px") :]  # older tables lack some or all of them
_NAMES = ("diagnosis", "device")
_COUNTS = ("height", "width", "false_area_px", "lesion_area_px")
_LATER_COUNTS = ("predicted_area_px", *(name for name in _LATER if name.startswith("num_")))


def score_case(mask_true, mask_pred, probability):
    """Score one image at its own size.

    NSD's tolerance is 2 pixels of a 256 x 256 grid, scaled by the mean of the image's sides:
    2 / 256 * (H + W) / 2 pixels. Distances are in pixels of the image.

    Args:
        mask_true: (H, W) in {0, 1}; the reference.
        mask_pred: (H, W) in {0, 1}.
        probability: (H, W) float, 0..1, that `mask_pred` was made of.

    Returns:
        dict of the overlap scores, `nsd`, `brier`, `ece` (0..1), `hd95_px`, `hd_px`, `assd_px`;
        `false_area_px` (predicted pixels of an image whose reference is empty, 0 in every other image),
        `lesion_area_px` and `predicted_area_px` (pixels of reference and prediction); `long_axis_px` and
        `predicted_long_axis_px`, of the largest region of each, nan where there is none; `num_lesions`,
        `num_predicted` (regions of each), `num_found_iou10`, `num_found_iou50` (lesions found at an IoU
        of 0.1 and 0.5); `confidence`, the mean probability of the predicted pixels, or 1 - the largest
        probability of the image if none is; and `counted_as`, one of COUNTED_AS.

    Raises:
        ValueError: as `metrics.confusion` and `metrics.reliability`.
    """
    counts = metrics.confusion(mask_true, mask_pred)
    lesion_area, predicted_area = counts.tp + counts.fn, counts.tp + counts.fp
    if lesion_area:
        counted_as = "lesion case" if predicted_area else "missed lesion"
    else:
        counted_as = "false alarm" if predicted_area else "true negative"
    bins = metrics.reliability(mask_true, probability)
    return {
        **_overlap(counts),
        **_surface(mask_true, mask_pred),
        "false_area_px": 0 if lesion_area else predicted_area,
        "lesion_area_px": lesion_area,
        "counted_as": counted_as,
        "predicted_area_px": predicted_area,
        **_lesions(metrics.label_regions(mask_true), metrics.label_regions(mask_pred)),
        "brier": metrics.brier(bins),
        "ece": metrics.ece(bins),
        "confidence": _confidence(mask_pred, probability),
    }


def is_lesion(row):
    """Whether the reference of a case holds a lesion, found or missed."""
    return row["counted_as"] in ("lesion case", "missed lesion")


def dice_or_one(row):
    """Dice of a case, a true negative counted as 1."""
    return 1.0 if row["counted_as"] == "true negative" else row["dice"]


def score_case_at_s(mask_true, mask_pred):
    """Overlap scores of one image at the model's size, under the names of SCORES_AT_S.

    Args:
        mask_true: (S, S) in {0, 1}; the reference, resized by nearest.
        mask_pred: (S, S) in {0, 1}.
    """
    scores = _overlap(metrics.confusion(mask_true, mask_pred))
    return {f"{name}_at_s": value for name, value in scores.items()}


def write_cases(path, rows):
    """Write one row an image, in the order of COLUMNS; None and nan become empty cells.

    Raises:
        ValueError: if a row has a key that is no column.
    """
    write_table(path, COLUMNS, ({name: _to_cell(value) for name, value in row.items()} for row in rows))


def read_cases(path):
    """Read what `write_cases` wrote: a list of dicts with the keys COLUMNS.

    Scores are floats, nan where the cell is empty; sizes, areas and counts are integers; `fold` is an
    integer or None; `diagnosis`, `device` and `annotated` (True, False) are None where not known. An
    older table may lack columns from `hd_px` on: they read as if their cells were empty.

    Raises:
        InputError: if there is no such file, a column is missing or a cell cannot be read.
    """
    try:
        reader = csv.DictReader(io.StringIO(read_text(path, "write the table again"), newline=""))
        found = reader.fieldnames or ()
        missing = [name for name in COLUMNS if name not in (*found, *_LATER)]
        if missing:
            raise InputError(f"{path}: expected a table of cases, it lacks the column {missing[0]!r}")
        return [
            {name: _from_cell(name, row[name], f"{path}, line {reader.line_num}") for name in COLUMNS}
            for row in ({**dict.fromkeys(_LATER, ""), **row} for row in reader)
        ]
    except FileNotFoundError:
        raise InputError(f"{path}: expected a table of cases, found no such file; check the path") from None
    except csv.Error as error:
        raise InputError(f"{path}: expected a table of cases, got something else ({error})") from None


def _overlap(counts):
    return {name: getattr(metrics, name)(counts) for name in OVERLAP_SCORES}


def _surface(mask_true, mask_pred):
    distances = metrics.surface_distances(mask_true, mask_pred)
    return {
        "hd95_px": metrics.hd95(distances),
        "assd_px": metrics.assd(distances),
        "nsd": metrics.nsd(distances, tolerance=2 / 256 * sum(mask_true.shape) / 2),
        "hd_px": metrics.hausdorff(distances),
    }


def _lesions(regions_true, regions_pred):
    ious = metrics.lesion_ious(regions_true, regions_pred)
    return {
        "long_axis_px": metrics.long_axis(metrics.largest_region(regions_true)),
        "predicted_long_axis_px": metrics.long_axis(metrics.largest_region(regions_pred)),
        "num_lesions": ious.shape[0],
        "num_predicted": ious.shape[1],
        "num_found_iou10": metrics.count_found(ious, 0.1),
        "num_found_iou50": metrics.count_found(ious, 0.5),
    }


def _confidence(mask_pred, probability):
    predicted = probability[np.asarray(mask_pred).astype(bool)]
    confidence = predicted.mean(dtype=np.float64) if predicted.size else 1 - probability.max()
    return float(np.clip(confidence, 0, 1))


def _to_cell(value):
    if isinstance(value, bool):
        return int(value)
    return "" if value is None or value != value else value


def _from_cell(name, text, where):
    try:
        if text is None:
            raise ValueError("the line is too short")
        if name in ("id", "source", "group"):
            return text
        if name in _NAMES:
            return text or None
        if name == "counted_as":
            return COUNTED_AS[COUNTED_AS.index(text)]
        if name in _COUNTS:
            return _to_int(text)
        if name == "fold":
            return None if text == "" else _to_int(text)
        if name == "annotated":
            return {"": None, "0": False, "1": True}[text]
        if name in _LATER_COUNTS and text != "":
            return _to_int(text)
        return math.nan if text == "" else _to_float(text)
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{where}: {text!r} cannot be read as {name!r}; write the table again") from None


def _to_int(text):
    value = int(text)
    if not 0 <= value < 2**31:
        raise ValueError("no fold, size, area or count")
    return value


def _to_float(text):
    value = float(text)
    if math.isinf(value):
        raise ValueError("infinite")
    return value
