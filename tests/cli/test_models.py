import json

import pytest
from shipped_facts import make_facts

from keras_hanet.files import write_json
from keras_hanet.models import weights


@pytest.fixture
def one_model(tmp_path, monkeypatch):
    write_json(tmp_path / "cart" / weights.FACTS, make_facts())
    monkeypatch.setitem(weights.FOLDERS, "cart", tmp_path / "cart")
    monkeypatch.setitem(weights.FOLDERS, "densenet121-scratch", tmp_path / "nowhere")
    return tmp_path / "cart"


def test_every_model_with_its_scores_data_and_licence(one_model, hanet):
    done = hanet("models")
    assert done.code == 0, done.err
    assert "cart: HA-Net(efficientnet_lite0) at 224 x 224" in done.out
    [row] = [line for line in done.out.splitlines() if "BUSI, 5 grouped folds" in line]
    assert [cell.strip() for cell in row.strip("|").split("|")[1:]] == [
        *("78.0 [75.0, 81.0]", "70.0 [66.0, 73.0]", "4 of 130", "3 of 27"),
    ]
    assert "trained on: BUSI (CC0)" in done.out
    assert f"licence: Apache-2.0; card: {one_model / 'CARD.md'}" in done.out
    assert "densenet121-scratch: not in this install; it lies in saved_models/densenet121-scratch of" in done.out
    assert "not a medical device" in done.out


def test_json_holds_the_facts(one_model, hanet):
    assert json.loads(hanet("models", "--json").out) == {"cart": json.loads(json.dumps(make_facts()))}
