import json

import pytest

from keras_hanet.cli import protocols as command
from keras_hanet.experiments.protocols import CLAIM


@pytest.fixture
def words(monkeypatch, tmp_path):
    score = {"mean": 0.5, "ci95": [0.25, 0.75]}
    table = [{"name": name, "dice": score, "jaccard": score} for name in ("honest", "leaky")]
    monkeypatch.setattr(command, "protocols", lambda config, folder, *rest, **keywords: table)
    return ("protocols", "--data", "BUSI", "--preset", "cart", "--run-dir", tmp_path)


def test_the_claim_stands_under_the_rows(words, hanet):
    done = hanet(*words)
    assert done.code == 0, done.err
    lines = [line for line in done.out.splitlines() if line.startswith("|")]
    assert "50.0 [25.0, 75.0]" in lines[2]
    assert f"{100 * CLAIM['dice']:.1f}" in lines[-1]
    assert json.loads(hanet(*words, "--json").out)[1]["name"] == "leaky"


@pytest.mark.parametrize("flags", [("--split", "official"), ("--no-include-normal",)])
def test_it_starts_from_a_grouped_split_with_normal_images(words, refused, flags):
    refused(*words, *flags, says=["starts from a grouped split with the normal images"])
