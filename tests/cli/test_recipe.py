"""Where a recipe comes from, and what the folder of an experiment is called."""

import argparse
import json

import pytest

from keras_hanet.cli.recipe import add_jobs_argument, add_recipe_arguments, choose_experiment, choose_recipe
from keras_hanet.errors import InputError
from keras_hanet.experiments import runs
from keras_hanet.experiments.ablate import VARIANTS
from keras_hanet.training.config import to_dict
from keras_hanet.training.presets import preset


def parse(*words):
    parser = argparse.ArgumentParser()
    add_recipe_arguments(parser)
    add_jobs_argument(parser)
    return parser.parse_args([str(word) for word in words])


def test_recipe_is_the_preset_named_the_default_or_a_file(tmp_path):
    assert choose_recipe(parse("--preset", "cart")) == ("cart", preset("cart"))
    assert choose_recipe(parse()) == ("standard", preset("standard"))
    assert choose_recipe(parse(), "quick") == ("quick", preset("quick"))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(to_dict(preset("paper"))))
    name, config = choose_recipe(parse("--config", path, "--epochs", 3))
    assert (name, config.epochs, config.augmentation) == ("mine", 3, None)
    with pytest.raises(InputError, match="give --preset or --config, not both"):
        choose_recipe(parse("--config", path, "--preset", "cart"))


def test_folder_of_an_experiment_is_the_same_in_every_call(tmp_path):
    folder, config = choose_experiment(parse("--data", tmp_path / "BUSI", "--preset", "cart"), "crossval")
    assert (folder.as_posix(), config.data) == ("runs/crossval-BUSI-cart", str(tmp_path / "BUSI"))
    assert choose_experiment(parse("--data", "BUSI", "--run-dir", tmp_path), "crossval")[0] == tmp_path
    with pytest.raises(InputError, match="data is missing: give --data"):
        choose_experiment(parse(), "crossval")


def test_one_training_at_a_time_unless_asked():
    assert (parse().jobs, parse("--jobs", 2).jobs) == (1, 2)


@pytest.mark.parametrize("command", ["crossval", "ablate", "protocols"])
def test_the_address_reaches_the_trainings(command, tmp_path, refused, monkeypatch):
    def run_tasks(function, tasks, jobs, address, started):
        raise InputError(f"{len(tasks)} trainings at {address}, {jobs} on a machine")
        yield

    monkeypatch.setattr(runs, "run_tasks", run_tasks)
    num = {"crossval": 5, "ablate": len(VARIANTS), "protocols": 4}[command]
    words = (command, "--data", "BUSI", "--preset", "cart", "--run-dir", tmp_path, "--jobs", 2)
    refused(*words, "--address", "h:1", says=[f"{num} trainings at h:1, 2 on a machine"])
    refused(*words, says=[f"{num} trainings at None, 2 on a machine"])
