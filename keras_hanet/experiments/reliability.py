"""How far a model may be believed: fitted on what its cross-validation had not seen, and tried on what is left."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from keras_hanet.analysis.image_statistics import image_statistics
from keras_hanet.analysis.reliability import RELIABILITY, to_json
from keras_hanet.data.layouts import read_further, read_samples
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import keep_unseen, read_split
from keras_hanet.errors import InputError
from keras_hanet.experiments.reliability_features import measure_features, write_features
from keras_hanet.experiments.reliability_fit import (
    MAX_MISSED,
    MIN_DICE,
    believe_row,
    cross_fit,
    fit_distances,
    fit_models,
)
from keras_hanet.experiments.reliability_report import write_reliability_report
from keras_hanet.experiments.reliability_table import tabulate_reliability
from keras_hanet.experiments.robustness import fingerprint
from keras_hanet.files import read_json, write_json
from keras_hanet.inference import Predictor, load_keras_model
from keras_hanet.runtimes import find_model_file
from keras_hanet.training.run_folder import read_run_config

FEATURES, SUMMARY = "features.csv", "summary.json"
TARGET = f"as many images kept as a mean Dice of {MIN_DICE} and {MAX_MISSED:.0%} missed of the lesion images kept allow"


def fit_reliability(crossval, data, extra_data, model, folder, command, progress=lambda name: iter):
    """Fit a model's reliability record and say how well it holds.

    The two models are fitted on the validation part of each run of the cross-validation, which it was not trained on,
    and tried on the validation and test parts, each fold by a fit on the other folds' images. The runs are scored at
    the operating point of `model`, whose record it becomes: it is the recipe's, and is tried on images that `model`
    itself has not seen, where there are any.

    Args:
        crossval: folder of `hanet crossval` with one network, on grouped folds.
        data: folder of its data set.
        extra_data: folders of the further data sets it was trained with.
        model: shipped model of the same recipe; a name or path.
        folder: of the results; what an interrupted call left there is not computed again.
        command: the command that does this again.
        progress: function from a name to what wraps the sequence of batches.

    Returns:
        the content of summary.json: {"validation", "test", "unseen" (None without any)}, each as of
        `tabulate_reliability`; "limit", "target", "distance", "command", "model".

    Raises:
        InputError: if a folder is not what is asked for, or holds results of other models.
    """
    folder, file = Path(folder), find_model_file(model)
    runs = find_runs(crossval)
    layout, samples = read_samples(data)
    extra = read_further(extra_data, layout)
    point = Predictor(model).metadata
    _keep_settings(folder / "settings.json", [*(run / "model.keras" for run in runs), file], point)
    parts = {"validation": [], "test": [], "unseen": []}
    for run in runs:
        for part, rows in _measure_run(run, samples, extra, point, folder, progress).items():
            parts[part] += rows
    split_file = file.with_name("split.json")
    new = keep_unseen(split_file, extra) if split_file.is_file() else []
    if new:
        path = folder / "features" / "unseen.csv"
        parts["unseen"] = measure_features(
            path, Predictor(model), new, "unseen", lambda sample: sample.official_fold or 0, progress("unseen")
        )
    write_features(folder / FEATURES, [row for rows in parts.values() for row in rows])
    trained_on = [sample for sample in extra if sample not in new]
    return _conclude(parts, {"model": point.name, "command": command}, folder, samples, trained_on)


def find_runs(crossval):
    """The run folders of a cross-validation, fold 0 first.

    Raises:
        InputError: if there are none, or of more than one network, or a fold is missing.
    """
    runs = sorted(path.parent for path in Path(crossval).glob("*/fold-*/config.json"))
    configs = [read_run_config(run) for run in runs]
    if len({run.parent for run in runs}) != 1 or [c.fold for c in configs] != list(range(configs[0].num_folds)):
        raise InputError(
            f"{crossval}: expected every fold of one network as `hanet crossval` leaves them, found "
            f"{len(runs)} runs; finish the cross-validation first"
        )
    if any(not (run / "model.keras").is_file() for run in runs):
        raise InputError(f"{crossval}: a run has no model.keras; finish the cross-validation first")
    return runs


def _measure_run(run, samples, extra, point, folder, progress):
    """Rows of the validation and the test part of a run."""
    config = read_run_config(run)
    split = read_split(run / "split.json", samples, extra)
    paths = {part: folder / "features" / f"{part}-{config.fold}.csv" for part in ("validation", "test")}
    predictor = None
    if not all(path.is_file() for path in paths.values()):
        network, metadata = load_keras_model(run)
        metadata = replace(metadata, threshold=point.threshold, min_lesion_share=point.min_lesion_share)
        predictor = Predictor.from_keras(network, metadata)
    folds = {"validation": (config.fold + 1) % config.num_folds, "test": config.fold}
    return {
        part: measure_features(
            path, predictor, getattr(split, part), part, lambda _, fold=folds[part]: fold, progress(path.stem)
        )
        for part, path in paths.items()
    }


def _conclude(parts, known, folder, samples, trained_on):
    """Fit, and write the record, the summary and the report."""
    validation = parts["validation"]
    beliefs = {part: cross_fit(parts[part], validation) for part in ("validation", "test")}
    models = fit_models(validation)
    beliefs["unseen"] = [believe_row(row, models) for row in parts["unseen"]]
    tables = {part: tabulate_reliability(rows, beliefs[part]) if rows else None for part, rows in parts.items()}
    distributions, distance_limit = _fit_distances(samples, trained_on, validation)
    summary = {
        **tables,
        "limit": models.doubtful_below,
        "target": TARGET,
        "distance": {"limit": distance_limit, "images": count_sources(samples + trained_on)},
        **known,
    }
    fitted = {
        "on": f"{len(validation)} images, each by a run that was not trained on it",
        "images": {validation[0]["source"]: len(validation)},
        "target": TARGET,
        "date": datetime.now(UTC).date().isoformat(),
        "figures": {
            part: {key: table[key] for key in ("num", "correlation", "error", "kept")}
            for part, table in tables.items()
            if table
        },
        **known,
    }
    record = replace(
        models,
        distributions=distributions,
        distance_limit=distance_limit,
        fitted=fitted,
    )
    write_json(folder / RELIABILITY, to_json(record))
    write_json(folder / SUMMARY, summary)
    paired = {part: list(zip(parts[part], beliefs[part], strict=True)) for part in parts}
    write_reliability_report(folder, summary, paired)
    return summary


def _fit_distances(samples, others, rows):
    """Distributions of the data set with folds and of the others, and the limit of distance."""
    fold_of = {row["id"]: row["fold"] for row in rows}
    images = [sample for sample in samples if sample.id in fold_of]
    statistics = {}
    for sample in [*images, *others]:
        statistics.setdefault(sample.source, []).append(image_statistics(load_sample(sample)[0]))
    return fit_distances(statistics, np.array([fold_of[sample.id] for sample in images]))


def _keep_settings(path, models, point):
    settings = {
        "models": [fingerprint(model) for model in models],
        "operating_point": [point.threshold, point.min_lesion_share],
    }
    if not path.exists():
        write_json(path, settings)
    elif read_json(path, "give another --output") != settings:
        raise InputError(f"{path.parent}: expected results of these models, found others; give another --output")


def count_sources(samples):
    """{data set: number of its images}, in the order of the samples."""
    sources = [sample.source for sample in samples]
    return {source: sources.count(source) for source in dict.fromkeys(sources)}
