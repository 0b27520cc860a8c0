"""A kept result -> what is sent of it: JSON, pictures and tables, at the model's threshold or at another one."""

import csv
import io
from dataclasses import asdict, replace

import numpy as np

from keras_hanet.analysis.flags import FLAGS, find_flags
from keras_hanet.drawing import encode_png
from keras_hanet.evaluation.threshold import apply_threshold
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions
from keras_hanet.outputs.tables import LESION_ROW_COLUMNS, lesion_row
from keras_hanet.version import INTENDED_USE, __version__

DOWNLOADS = ("mask.png", "measures.csv", "report.html", "report.pdf")
SEGMENTATION = "segmentation.dcm"
_SIDES = ("top", "left", "height", "width")


def at_threshold(analysis, threshold, metadata, reliability=None):
    """The analysis with another threshold: its mask, measures and flags anew, the rest as it was.

    What is said of doubt belongs to the model's own threshold, and stays.

    Args:
        analysis: `Analysis`.
        threshold: 0..1; None for the model's own, at which the analysis itself is given back.
        metadata: the model's `Metadata`.
        reliability: its `Reliability`, None if it has none.

    Returns:
        `Analysis`.
    """
    if threshold is None or threshold == metadata.threshold:
        return analysis
    frame, probability = analysis.frame, analysis.prediction.probability
    mask = np.zeros(probability.shape, np.uint8)
    frame.inside(mask)[:] = apply_threshold(frame.inside(probability), threshold, metadata.min_lesion_share)
    return replace(
        analysis,
        prediction=Prediction(probability, mask),
        lesions=measure_lesions(mask, frame.area),
        flags=find_flags(frame, mask, reliability),
    )


def describe(name, result, analysis, threshold, metadata):
    """A result as JSON.

    Args:
        name: of the result.
        result: `Result`.
        analysis: its `Analysis`, perhaps at another threshold.
        threshold: that one; None for the model's own.
        metadata: the model's `Metadata`.

    Returns:
        dict, JSON-ready.
    """
    frame = analysis.frame
    height, width = frame.image.shape[:2]
    return {
        "id": name,
        "name": frame.name,
        "width": width,
        "height": height,
        "spacing": None if frame.area is None or frame.area.spacing is None else asdict(frame.area.spacing),
        "area": None if frame.area is None else {key: getattr(frame.area, key) for key in _SIDES},
        "frames": {"num": result.num_frames, "index": result.index, "time_s": frame.time_s},
        "threshold": metadata.threshold if threshold is None else threshold,
        "lesions": [_to_json(lesion_row(lesion, analysis)) for lesion in analysis.lesions],
        "flags": [{"name": flag, "sentence": FLAGS[flag]} for flag in analysis.flags],
        "lesion_probability": analysis.lesion_probability,
        "expected_dice": analysis.expected_dice,
        "doubtful": analysis.doubtful,
        "model": describe_model(metadata),
        "version": __version__,
        "intended_use": INTENDED_USE,
        "links": _links(name, threshold, result.dataset is not None),
    }


def describe_model(metadata):
    """The model as JSON: its name, the side of its input and its operating point."""
    return {key: getattr(metadata, key) for key in ("name", "size", "threshold", "min_lesion_share")}


def probability_png(probability):
    """A probability map as grey PNG, 0..255, rounded down.

    Rounded down, `grey >= 255 * t` is the same as `probability >= t` for every t that is a multiple of 1/255.
    """
    return encode_png(np.floor(np.clip(probability, 0, 1) * 255).astype(np.uint8))


def measures_csv(analysis):
    """The measures of each lesion as CSV, one row each: bytes, UTF-8."""
    text = io.StringIO()
    writer = csv.DictWriter(text, LESION_ROW_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lesion_row(lesion, analysis) for lesion in analysis.lesions)
    return text.getvalue().encode()


def _to_json(row):
    return {column: None if cell == "" else cell for column, cell in row.items()}


def _links(name, threshold, has_dataset):
    """Where the parts of a result lie; a mask and what is made of it are of the same threshold as this answer."""
    base, query = f"/api/results/{name}", "" if threshold is None else f"?threshold={threshold:g}"
    downloads = (*DOWNLOADS, SEGMENTATION) if has_dataset else DOWNLOADS
    links = {"self": f"{base}{query}", "image.png": f"{base}/image.png", "probability.png": f"{base}/probability.png"}
    return links | {file: f"{base}/{file}{query}" for file in downloads}
