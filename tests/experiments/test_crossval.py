"""Folds to one table: what is pooled, what is compared, what is refused."""

from dataclasses import replace

import pytest
import stand_in_training
from layouts import draw_busbra
from stand_in_training import make_rows, read_json

from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.experiments import runs
from keras_hanet.experiments.crossval import crossval
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig

CONFIG = TrainConfig(epochs=1, num_folds=3, model=HANetConfig(size=32))
# The stand-in leaves out as many of 8 columns as the fold's number: Dice 2 * (8 - fold) / (16 - fold).
DICE = [1.0, 14 / 15, 12 / 14]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)


def run(folder, config=CONFIG, networks=("ha_net",), **arguments):
    return crossval(config, folder, list(networks), "hanet crossval", say=lambda line: None, **arguments)


def test_every_image_is_pooled_once(tmp_path):
    result = run(tmp_path)
    table = result["networks"]["ha_net"]
    assert [fold["lesion"]["dice"]["mean"] for fold in table["folds"]] == pytest.approx(DICE)
    assert table["pooled"]["lesion"]["num"] == 12
    assert table["pooled"]["normal"]["num"] == 6
    assert table["pooled"]["lesion"]["dice"]["mean"] == pytest.approx(sum(DICE) / 3)
    assert result["comparison"] is None
    assert read_json(tmp_path / "crossval.json") == result
    rows = read_cases(tmp_path / "ha_net" / "cases.csv")
    assert [(row["fold"], row["id"]) for row in rows] == [(k, f"{k}-{number}") for k in range(3) for number in range(6)]
    summary = read_json(tmp_path / "ha_net" / "summary.json")
    assert summary["folds"] == table
    assert summary["lesion"]["dice"] == table["pooled"]["lesion"]["dice"]
    report = (tmp_path / "ha_net" / "report.md").read_text()
    assert "## Folds" in report
    assert "hanet crossval" in report


def test_networks_are_compared_on_the_same_images(tmp_path):
    config = replace(CONFIG, model=replace(CONFIG.model, base_filters=8, architecture="unet"))
    result = run(tmp_path, config, networks=("ha_net", "unet"))
    reference, unet = result["comparison"]
    assert (reference["name"], unet["name"]) == ("ha_net", "unet")
    # One more column is left out by the U-Net in each fold.
    expected = [2 * (7 - fold) / (15 - fold) - DICE[fold] for fold in range(3)]
    assert unet["dice"]["difference"]["mean"] == pytest.approx(sum(expected) / 3)
    assert unet["dice"]["num_pairs"] == 12
    models = {name: read_json(tmp_path / name / "fold-1" / "config.json")["model"] for name in ("ha_net", "unet")}
    assert [(m["architecture"], m["base_filters"]) for m in models.values()] == [("ha_net", 0), ("unet", 8)]
    assert "unet" in (tmp_path / "report.html").read_text()


def test_folds_can_be_chosen_and_are_added_to_later(tmp_path):
    assert len(run(tmp_path, folds=[1])["networks"]["ha_net"]["folds"]) == 1
    assert len(run(tmp_path)["networks"]["ha_net"]["folds"]) == 3
    assert len((tmp_path / "ha_net" / "fold-1" / "trained.txt").read_text().splitlines()) == 1


def test_the_authors_folds_are_those_of_the_data(tmp_path):
    config = replace(CONFIG, data=str(draw_busbra(tmp_path / "data")), split="official")
    assert [fold["fold"] for fold in run(tmp_path / "runs", config)["networks"]["ha_net"]["folds"]] == [1, 2, 3]
    with pytest.raises(InputError, match="expected test folds among 1, 2, 3, got 0; leave it out"):
        run(tmp_path / "runs", config, folds=[0])


def test_rows_of_the_stand_in_are_what_the_tests_say():
    assert [row["dice"] for row in make_rows(CONFIG)][1:3] == [1.0, 1.0]
