"""Reproduction: the recipe of the card with the data's real paths, and a verdict that can be no."""

import pytest
from shipped_facts import make_facts

from keras_hanet.errors import FailedError, InputError
from keras_hanet.experiments.reproduce import (
    check_reproduction,
    data_folder,
    format_reproduction,
    recipe_of,
    reproduce,
)
from keras_hanet.training import trainer


@pytest.fixture
def data(tmp_path):
    for name in ("busi", "busbra"):
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path / "data"


def test_fold_and_model_have_their_recipes(data):
    [config], entry = recipe_of(make_facts(), data, 0)
    assert (config.data, config.extra_data, config.fold) == (str(data / "busi"), (str(data / "busbra"),), 0)
    assert (config.normal_repeats, config.extra_ratio, entry["hours"]) == (2, 0.5, 0.4)
    [first, config], entry = recipe_of(make_facts(), data)
    assert (config.data, config.extra_data, config.fold) == (str(data / "busbra"), (str(data / "busi"),), 5)
    assert (first.data, first.extra_data) == (str(data / "busbra"), ())
    assert entry["title"] == "the model"


def test_a_fold_or_a_data_set_that_is_not_there_is_refused(data, tmp_path):
    with pytest.raises(InputError, match="expected a fold among 0, got 7"):
        recipe_of(make_facts(), data, 7)
    with pytest.raises(InputError, match="expected the data set busi there; give --data, or HANET_DATA"):
        recipe_of(make_facts(), tmp_path / "nowhere", 0)


def test_data_come_by_argument_or_by_the_environment(monkeypatch):
    monkeypatch.setenv("HANET_DATA", "there")
    assert (data_folder("here"), data_folder(None)) == ("here", "there")
    monkeypatch.delenv("HANET_DATA")
    with pytest.raises(InputError, match="data is missing: give --data, or HANET_DATA"):
        data_folder(None)


@pytest.mark.parametrize(("mean", "within"), [(0.75, True), (0.81, True), (0.749, False), (0.82, False)])
def test_what_comes_out_is_held_against_the_cards_interval(mean, within, data, tmp_path, monkeypatch):
    given = []

    def train(config, run_dir, command, resume, say, progress):
        given.append((config.initial_weights, run_dir.name, resume))
        return {"lesion": {"dice": {"mean": mean, "ci95": [mean - 0.1, mean + 0.1]}}}

    monkeypatch.setattr(trainer, "train", train)
    configs, entry = recipe_of(make_facts(), data)
    result = reproduce(configs, entry, tmp_path, "hanet reproduce", say=lambda line: None)
    assert given == [(None, "run-1", False), (str(tmp_path / "run-1"), "run-2", False)]
    assert result["within"] is within
    assert ("within its interval" in format_reproduction(result)) is within
    if within:
        check_reproduction(result)
    else:
        with pytest.raises(FailedError, match=r"the card says 78\.0 \[75\.0, 81\.0\] %: OUTSIDE its interval"):
            check_reproduction(result)
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "config.json").touch()
    reproduce(configs, entry, tmp_path, "hanet reproduce", say=lambda line: None)
    assert given[2] == (None, "run-1", True), "what a killed call left is gone on with"
