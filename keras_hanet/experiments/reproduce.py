"""Make a shipped model again from its data, and hold what comes out against its card."""

import os
from dataclasses import replace
from pathlib import Path

from keras_hanet.errors import FailedError, InputError
from keras_hanet.evaluation.markdown import format_interval
from keras_hanet.training.config import from_dict

DATA_VARIABLE = "HANET_DATA"


def recipe_of(facts, data, fold=None):
    """The configuration of a shipped model, or of one fold of its cross-validation.

    Args:
        facts: what `read_facts` gave.
        data: path of a folder that holds the data sets under the names of the recipe, "busi" and "busbra".
        fold: number of the fold; None for the shipped model itself.

    Returns:
        list of `TrainConfig`: the run itself, before it the one whose weights it starts from, if there is one; and the
        card's entry that it is held against: {"title", "hours", "lesion", ...}.

    Raises:
        InputError: if the fold or a data set is not there.
    """
    made = facts["reproduce"]
    known = {"model": made["model"], **{entry["fold"]: entry for entry in made["folds"]}}
    entry = known.get("model" if fold is None else fold)
    if entry is None:
        raise InputError(f"expected a fold among {', '.join(str(key) for key in known if key != 'model')}, got {fold}")
    recipes = [*([entry["initial"]] if "initial" in entry else []), entry["recipe"]]
    names = dict.fromkeys(name for recipe in recipes for name in (recipe["data"], *recipe["extra_data"]))
    folders = {name: Path(data) / name for name in names}
    for name, folder in folders.items():
        if not folder.is_dir():
            raise InputError(
                f"{folder}: expected the data set {name} there; give --data, or {DATA_VARIABLE}, a folder that holds "
                f"{' and '.join(folders)}"
            )
    return [_with_folders(recipe, folders) for recipe in recipes], entry


def _with_folders(recipe, folders):
    data, extra_data = folders[recipe["data"]], [str(folders[name]) for name in recipe["extra_data"]]
    return from_dict({**recipe, "data": str(data), "extra_data": extra_data, "initial_weights": None})


def reproduce(configs, entry, folder, command, say=print, progress=iter):
    """Train by a shipped model's recipe and compare the Dice of the test part with the card's.

    Args:
        configs, entry: what `recipe_of` gave.
        folder: gets the run folders `run-1`, ...; what a killed call left is continued.
        command: the command that does this again.
        say: takes lines of text for the user.
        progress: wraps long iterations, a tqdm bar for instance.

    Returns:
        {"title", "card": {"mean", "ci95"}, "found": {"mean", "ci95"}, "within": whether the mean found lies in the
        card's interval}.

    Raises:
        InputError, FailedError: as `train`.
    """
    from keras_hanet.training.trainer import train

    initial = None
    for number, config in enumerate(configs, start=1):
        run_dir = Path(folder) / f"run-{number}"
        config = replace(config, initial_weights=initial)
        resume = (run_dir / "config.json").exists()
        say(f"Training {number} of {len(configs)}: {run_dir}")
        summary = train(config, run_dir, command, resume=resume, say=say, progress=progress)
        initial = str(run_dir)
    card, found = entry["lesion"]["dice"], summary["lesion"]["dice"]
    low, high = card["ci95"]
    return {"title": entry["title"], "card": card, "found": found, "within": low <= found["mean"] <= high}


def format_reproduction(result):
    """One sentence: what was found, what the card says, and whether they agree."""
    verdict = "within" if result["within"] else "OUTSIDE"
    return (
        f"{result['title']}: Dice {format_interval(result['found'], 100)} %, the card says "
        f"{format_interval(result['card'], 100)} %: {verdict} its interval"
    )


def check_reproduction(result):
    """Raise FailedError if what was found does not lie in the card's interval."""
    if not result["within"]:
        raise FailedError(format_reproduction(result))


def data_folder(given):
    """The folder of the data sets: what was given, else the one that HANET_DATA names.

    Raises:
        InputError: if there is neither.
    """
    folder = given or os.environ.get(DATA_VARIABLE)
    if not folder:
        raise InputError(f"data is missing: give --data, or {DATA_VARIABLE}, a folder that holds busi and busbra")
    return folder
