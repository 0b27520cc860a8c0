"""Ablation: the network or its training with one part changed, on one split, against the whole."""

from dataclasses import replace
from pathlib import Path

from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.evaluation.comparison import compare_runs
from keras_hanet.evaluation.markdown import format_interval
from keras_hanet.experiments.comparisons import COMPARED, write_comparison
from keras_hanet.experiments.runs import finish_runs
from keras_hanet.files import write_json

FULL, OTHER_SEED = "full", "full-other-seed"
# What each variant changes: fields of the network, fields of the training.
VARIANTS = {
    FULL: ({}, {}),
    OTHER_SEED: ({}, {"seed": 1}),
    "no-tam": ({"self_attention": "none", "spatial_attention": False}, {}),
    "no-tsa": ({"self_attention": "none"}, {}),
    "no-gsa": ({"spatial_attention": False}, {}),
    "no-pe": ({"position_encoding": "none"}, {}),
    "no-sfeb": ({"feature_enhancement": "none"}, {}),
    "sfeb-channels": ({"feature_enhancement": "channels"}, {}),
    "tsa-position": ({"self_attention": "position"}, {}),
    "dk-channels": ({"key_dimension": "channels"}, {}),
    "bce-only": ({}, {"jaccard_weight": 0.0}),
    "jaccard-only": ({}, {"bce_weight": 0.0}),
    "no-augmentation": ({}, {"augmentation": None}),
    "random-encoder": ({"encoder_weights": "none"}, {}),
    "classification-head": ({"num_classes": len(DIAGNOSES)}, {}),
}
# What a variant goes without.
PARTS = {
    "no-tam": "TAM",
    "no-tsa": "TSA",
    "no-gsa": "GSA",
    "no-pe": "PE",
    "no-sfeb": "SFEB",
    "no-augmentation": "augmentation",
    "random-encoder": "ImageNet weights",
}


def ablate(config, folder, command, variants=None, jobs=1, say=print, progress=iter, address=None):
    """Train the variants of a configuration and compare each with the full one.

    "full-other-seed" changes nothing but the seed of the training: what it differs by is what chance alone
    does, and a part that gives no more than that has shown nothing.

    Args:
        config: `TrainConfig` of the full variant.
        folder: of the experiment; the runs are its sub-folders, what is done is not done again.
        command: the command that does this again.
        variants: keys of VARIANTS; None for all. The full one is always among them.
        jobs: how many trainings at once on a machine.
        say: takes lines of text for the user.
        progress: wraps the iterator over epochs.
        address: as for `finish_runs`.

    Returns:
        list of dicts, as `compare_runs` gives them and ablate.json holds them.

    Raises:
        InputError: for a variant that does not exist, or as `finish_runs`.
        FailedError: as `finish_runs`.
    """
    folder = Path(folder)
    chosen = [FULL, *(name for name in variants or VARIANTS if name != FULL)]
    for name in chosen:
        if name not in VARIANTS:
            raise InputError(f"variants must be among {', '.join(VARIANTS)}, got {name!r}")
    configs = {name: vary(config, name) for name in chosen}
    finish_runs(configs, folder, command, jobs, say, progress, address)
    rows = {name: read_cases(folder / name / "cases.csv") for name in chosen}
    comparison = compare_runs(rows.pop(FULL), rows, COMPARED, FULL)
    write_comparison(folder, f"Ablation of {config.model.encoder}", comparison, command, describe_parts(comparison))
    write_json(folder / "ablate.json", {"comparison": comparison, "command": command})
    return comparison


def vary(config, name):
    """The configuration of a variant.

    Args:
        config: `TrainConfig` of the full one.
        name: a key of VARIANTS.
    """
    network, training = VARIANTS[name]
    if "seed" in training:
        training = {"seed": config.seed + training["seed"]}
    return replace(config, model=replace(config.model, **network), **training)


def describe_parts(comparison):
    """What each part adds, in words: the full network's Dice minus that of the network without it.

    Args:
        comparison: what `compare_runs` gave.

    Returns:
        list of str, one a part that was left out of a variant; empty if none was.
    """
    changes = {entry["name"]: entry["dice"].get("difference") for entry in comparison}
    sentences = []
    for name, part in PARTS.items():
        change = changes.get(name)
        if change and change["ci95"]:
            gives = {"mean": -change["mean"], "ci95": [-bound for bound in reversed(change["ci95"])]}
            low, high = gives["ci95"]
            verdict = "its interval holds 0: nothing is shown" if low <= 0 <= high else "its interval leaves 0 out"
            sentences.append(f"{part}: {format_interval(gives, 100, '+')} points of Dice; {verdict}.")
    if sentences and changes.get(OTHER_SEED):
        seed = format_interval(changes[OTHER_SEED], 100, "+")
        sentences.append(f"Another seed alone moves it by {seed} points; a part that gives no more has shown nothing.")
    return sentences
