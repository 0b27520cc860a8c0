"""Score a model on a data set: one row an image, overlays, and a summary."""

from functools import reduce
from operator import add
from pathlib import Path

from keras_hanet import metrics
from keras_hanet.data.annotations import find_annotations
from keras_hanet.data.preprocessing import load_sample, resize_mask
from keras_hanet.drawing import draw_overlay, write_picture
from keras_hanet.evaluation.cases import score_case, score_case_at_s, write_cases
from keras_hanet.evaluation.diagnosis import COLUMNS, summarise_diagnosis
from keras_hanet.evaluation.summary import summarise, summarise_calibration
from keras_hanet.files import write_json
from keras_hanet.reports.evaluation_report import write_evaluation_report

BATCH_SIZE = 8


def evaluate(predictor, samples, folder, split_name, command, fold=None, progress=iter):
    """Score a model on samples and write what the numbers rest on.

    Args:
        predictor: `Predictor`.
        samples: sequence of `Sample`.
        folder: gets `cases.csv`, `summary.json`, `overlays/`, and the report of them: `report.html` and
            `report.md` with `charts/`.
        split_name: how the samples were chosen, for the summary.
        command: the command that does this again, for the summary.
        fold: number of the test fold, for the table; None if there is none.
        progress: wraps the iterator over batches, a tqdm bar for instance.

    Returns:
        the summary, as written to `summary.json`.

    Raises:
        InputError: if an image or a mask cannot be read.
    """
    folder = Path(folder)
    rows, bins = [], []
    for start in progress(range(0, len(samples), BATCH_SIZE)):
        for sample, row, image_bins, overlay in _score_batch(predictor, samples[start : start + BATCH_SIZE]):
            rows.append({**_describe(sample), "fold": fold, **row})
            bins.append(image_bins)
            write_picture(folder / "overlays" / f"{sample.id}.png", overlay)
    metadata = predictor.metadata
    diagnosed = COLUMNS[0] in rows[0] and all(row["diagnosis"] for row in rows)
    summary = {
        **summarise(rows),
        "calibration": summarise_calibration(reduce(add, bins)),
        **({"diagnosis": summarise_diagnosis(rows)} if diagnosed else {}),
        "size": "original",
        "threshold": metadata.threshold,
        "min_lesion_share": metadata.min_lesion_share,
        "model": metadata.name,
        "split": split_name,
        "command": command,
        "intended_use": metadata.intended_use,
    }
    write_cases(folder / "cases.csv", rows)
    write_json(folder / "summary.json", summary)
    write_evaluation_report(folder)
    return summary


def _score_batch(predictor, samples):
    loaded = [load_sample(sample) for sample in samples]
    images = [image for image, _ in loaded]
    at_s = predictor.probabilities_at_s(images)
    diagnoses = predictor.diagnose(images)
    for index, (sample, (image, mask), probability) in enumerate(zip(samples, loaded, at_s, strict=True)):
        predicted = predictor.to_prediction(probability, mask.shape)
        scores_at_s = score_case_at_s(resize_mask(mask, len(probability)), predictor.to_mask(probability))
        known = {"height": mask.shape[0], "width": mask.shape[1], "annotated": _is_annotated(sample, image)}
        bins = metrics.reliability(mask, predicted.probability)
        row = {**known, **score_case(mask, predicted.mask, predicted.probability), **scores_at_s}
        if diagnoses is not None:
            row.update(zip(COLUMNS, map(float, diagnoses[index]), strict=True))
        yield sample, row, bins, draw_overlay(image, predicted.mask, mask)


def _describe(sample):
    return {name: getattr(sample, name) for name in ("id", "source", "diagnosis", "group", "device")}


def _is_annotated(sample, image):
    """What the data set says; where it says nothing, what can be seen."""
    return bool(find_annotations(image)) if sample.annotated is None else sample.annotated
