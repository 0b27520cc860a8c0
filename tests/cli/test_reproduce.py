import json

import pytest
from shipped_facts import make_facts

from keras_hanet.cli import reproduce as command
from keras_hanet.files import write_json
from keras_hanet.models import weights


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A shipped model whose training is a stand-in that finds the Dice it is told; returns what it was given."""
    write_json(tmp_path / "cart" / weights.FACTS, make_facts())
    monkeypatch.setitem(weights.FOLDERS, "cart", tmp_path / "cart")
    for name in ("busi", "busbra"):
        (tmp_path / "data" / name).mkdir(parents=True)
    given = {"within": True}

    def reproduce(configs, entry, folder, *rest, **keywords):
        given.update(fold=configs[-1].fold, folder=folder)
        dice = entry["lesion"]["dice"]
        return {"title": entry["title"], "card": dice, "found": dice, "within": given["within"]}

    monkeypatch.setattr(command, "reproduce", reproduce)
    return given


def test_says_the_hours_first_and_the_verdict_last(shipped, hanet, tmp_path):
    done = hanet("reproduce", "cart", "--fold", 0, "--data", tmp_path / "data")
    assert done.code == 0, done.err
    said = "fold 0 of 5: it took 0.4 hours (one thread of a processor); runs in runs/reproduce-cart-fold-0"
    assert said in done.err
    assert done.out.endswith("within its interval\n")
    assert shipped["fold"] == 0


def test_the_model_itself_is_made_without_a_fold(shipped, hanet, tmp_path):
    done = hanet("reproduce", "cart", "--data", tmp_path / "data", "--run-dir", tmp_path / "run", "--json")
    assert shipped["folder"] == tmp_path / "run"
    assert shipped["fold"] == 5
    assert json.loads(done.out)["within"] is True


def test_a_score_outside_the_interval_is_a_failure(shipped, hanet, tmp_path):
    shipped["within"] = False
    done = hanet("reproduce", "cart", "--data", tmp_path / "data")
    assert done.code == 1
    assert "OUTSIDE its interval" in done.err.splitlines()[-1]


def test_bad_input_is_one_sentence(shipped, refused, tmp_path):
    refused("reproduce", "cart", "--fold", 9, "--data", tmp_path / "data", says=["expected a fold among 0, got 9"])
    refused("reproduce", "cart", "--data", tmp_path, says=["busbra: expected the data set busbra there"])
    refused("reproduce", "boat", "--data", tmp_path, says=["invalid choice: 'boat'"])
