import json

import pytest
from stand_in_training import make_rows

from keras_hanet.cli import transfer as command
from keras_hanet.evaluation.summary import summarise
from keras_hanet.training.config import TrainConfig


@pytest.fixture
def given(monkeypatch):
    summary = summarise(make_rows(TrainConfig()))
    given = []

    def transfer(config, folder, targets, *rest, **keywords):
        given.append((config.data, folder, targets))
        return [{"name": name, "lesion": summary["lesion"], "normal": summary["normal"]} for name in ("source", "BUSI")]

    monkeypatch.setattr(command, "transfer", transfer)
    return given


def test_source_and_target_stand_in_one_table(given, hanet, tmp_path):
    words = ("transfer", "--data", "BUSBRA", "--target", "BUSI", "--preset", "cart", "--run-dir", tmp_path)
    done = hanet(*words)
    assert done.code == 0, done.err
    assert given == [("BUSBRA", tmp_path, ["BUSI"])]
    assert len([line for line in done.out.splitlines() if "100.0 [100.0, 100.0]" in line]) == 2
    assert [row["name"] for row in json.loads(hanet(*words, "--json").out)] == ["source", "BUSI"]


def test_a_target_is_asked_for(refused):
    refused("transfer", "--data", "BUSBRA", says=["--target", "--help"])
