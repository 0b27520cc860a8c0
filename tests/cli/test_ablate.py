import json

import pytest
import stand_in_training

from keras_hanet.experiments import runs


@pytest.fixture
def words(monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)
    return ("ablate", "--data", "BUSI", "--preset", "cart", "--epochs", 1, "--run-dir", tmp_path)


def test_a_table_for_dice_and_for_the_outline(words, hanet, tmp_path):
    done = hanet(*words, "--variants", "no-tam")
    assert done.code == 0, done.err
    assert [done.out.count(label) for label in ("Dice, %", "HD95, px", "NSD, %")] == [1, 1, 1]
    assert "no-tam" in done.out
    assert str(tmp_path / "report.html") in done.err
    as_json = hanet(*words, "--variants", "no-tam", "--json")
    assert [entry["name"] for entry in json.loads(as_json.out)] == ["full", "no-tam"]


def test_a_variant_that_does_not_exist_is_refused(words, refused):
    refused(*words, "--variants", "no-loss", says=["no-loss", "--help"])
