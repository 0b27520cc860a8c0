"""Trained on one set, scored on another: what is seen is left out, and nothing is done twice."""

import json
import shutil

import pytest
from helpers import tiny_config

from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.errors import InputError
from keras_hanet.experiments import transfer as module
from keras_hanet.experiments.transfer import format_transfer, transfer
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.trainer import train


@pytest.fixture(scope="module")
def source(phantoms, tmp_path_factory):
    """Configuration and folder of a trained source."""
    folder = tmp_path_factory.mktemp("transfer")
    config = tiny_config(phantoms, model=HANetConfig(architecture="unet", base_filters=8, size=32))
    train(config, folder / "source", "hanet transfer", say=lambda line: None)
    return config, folder


def test_the_target_is_scored_once_beside_the_source(source, tmp_path, monkeypatch):
    config, folder = source
    other = write_phantoms(tmp_path / "other", num=8, seed=5)
    table = transfer(config, folder, [other], "hanet transfer", say=lambda line: None)
    assert [row["name"] for row in table] == ["source (phantoms)", "other"]
    summaries = [json.loads((folder / name / "summary.json").read_text()) for name in ("source", "target-other")]
    assert [row["lesion"] for row in table] == [summary["lesion"] for summary in summaries]
    assert table[1]["lesion"]["num"] + table[1]["normal"]["num"] == 8
    assert summaries[1]["split"] == "other, trained elsewhere"
    assert json.loads((folder / "transfer.json").read_text())["transfer"] == table
    assert "| other" in format_transfer(table)
    assert "other" in (folder / "report.html").read_text()
    monkeypatch.setattr(module, "evaluate", lambda *arguments, **keywords: pytest.fail("scored again"))
    assert transfer(config, folder, [other], "hanet transfer", say=lambda line: None) == table


def test_images_that_were_trained_on_are_left_out_of_the_target(source, tmp_path):
    config, folder = source
    parts = json.loads((folder / "source" / "split.json").read_text())["parts"]
    said = []
    copy = shutil.copytree(config.data, tmp_path / "copy")
    transfer(config, folder, [copy], "hanet transfer", say=said.append)
    assert f"copy: scoring {len(parts['test'])} of 24 images" in said[1]
    for path in copy.rglob("*.png"):
        if path.stem.split("_mask")[0] in parts["test"]:
            path.unlink()
    copy.rename(tmp_path / "seen")
    with pytest.raises(InputError, match="seen: the network has seen every image or its twin"):
        transfer(config, folder, [tmp_path / "seen"], "hanet transfer", say=lambda line: None)


def test_two_targets_of_one_name_are_refused(source, tmp_path):
    config, folder = source
    for place in ("a", "b"):
        shutil.copytree(config.data, tmp_path / place / "scans")
    with pytest.raises(InputError, match="different folder names"):
        transfer(config, folder, [tmp_path / "a" / "scans", tmp_path / "b" / "scans"], "hanet transfer")
