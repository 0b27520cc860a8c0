"""What a model says of images it was not trained on, how stable that is, and how right it was: one row an image."""

import csv
from pathlib import Path

from keras_hanet.analysis.variants import NUM_VARIANTS, Stability, make_variants, measure_stability
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.evaluation.cases import score_case
from keras_hanet.files import write_table

BATCH_SIZE = 8
_SCORES = ("counted_as", "dice", "long_axis_px", "predicted_long_axis_px")
_STABILITY = tuple(Stability.__annotations__)
_NAMES = ("id", "source", "group", "part", "counted_as")
COLUMNS = (
    *("id", "source", "group", "part", "fold", *_SCORES),
    *("largest_probability", "lesion_share", *_STABILITY),
)


def measure_features(path, predictor, samples, part, fold_of, progress=iter):
    """Predict images and their variants, score the predictions, and keep that in a table.

    Args:
        path: CSV file; one that is there is read instead, it is whole.
        predictor: `Predictor` that has not been trained on the images.
        samples: list of `Sample`.
        part: what the images are to it: "validation", "test" or "unseen".
        fold_of: function from a `Sample` to the number of its fold.
        progress: wraps the sequence of batches.

    Returns:
        list of dicts with the keys COLUMNS: `counted_as`, `dice` and long axes as `score_case` gives them,
        `largest_probability` and `lesion_share` 0..1, and the fields of `Stability`.
    """
    path = Path(path)
    if not path.is_file():
        rows = []
        for start in progress(range(0, len(samples), BATCH_SIZE)):
            batch = samples[start : start + BATCH_SIZE]
            known = [{"part": part, "fold": fold_of(sample)} for sample in batch]
            rows += [own | row for own, row in zip(known, _measure(predictor, batch), strict=True)]
        write_features(path, rows)
    return read_features(path)


def write_features(path, rows):
    """Write rows as `measure_features` gives them, 6 digits a number."""
    written = ({name: _to_cell(row[name]) for name in COLUMNS} for row in rows)
    write_table(path, COLUMNS, written)


def read_features(path):
    """Read what `write_features` wrote; what was not scored is nan."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{name: _from_cell(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _measure(predictor, samples):
    pairs = [load_sample(sample) for sample in samples]
    images = [image for image, _ in pairs]
    predictions = predictor.predict(images)
    answers = predictor.probabilities_at_s([variant for image in images for variant in make_variants(image)])
    answers = answers.reshape(len(samples), NUM_VARIANTS, *answers.shape[1:])
    for sample, (_, mask), prediction, own in zip(samples, pairs, predictions, answers, strict=True):
        scores = score_case(mask, prediction.mask, prediction.probability)
        yield {
            **{name: getattr(sample, name) for name in ("id", "source", "group")},
            **{name: scores[name] for name in _SCORES},
            "largest_probability": float(prediction.probability.max()),
            "lesion_share": float(prediction.mask.mean()),
            **vars(measure_stability(prediction, own, predictor.to_mask)),
        }


def _to_cell(value):
    if not isinstance(value, float):
        return value
    return "" if value != value else f"{value:.6g}"


def _from_cell(name, text):
    if name in _NAMES:
        return text
    return int(text) if name == "fold" else float(text or "nan")
