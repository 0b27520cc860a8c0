import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stand_in_training
from stand_in_training import read_json

from keras_hanet.experiments import runs


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)


def test_a_table_for_each_network_and_one_between_them(stand_in, tmp_path, hanet):
    words = ("crossval", "--data", "BUSI", "--preset", "cart", "--epochs", 1, "--folds", 3, "--only", 0, 2)
    words += ("--model", "ha_net", "unet", "--base-filters", 16, "--run-dir", tmp_path)
    done = hanet(*words)
    assert done.code == 0, done.err
    assert re.search(r"^ha_net$", done.out, re.MULTILINE)
    assert re.search(r"\| pooled .* 8 \+ 4 .* 0 \| +92\.9 ", done.out)  # (100 + 85.7) / 2
    assert "difference to ha_net" in done.out
    assert f"{tmp_path}/unet/report.html" in done.err
    models = {name: read_json(tmp_path / name / "fold-0" / "config.json")["model"] for name in ("ha_net", "unet")}
    assert {name: model["base_filters"] for name, model in models.items()} == {"ha_net": 0, "unet": 16}
    again = hanet(*words, "--json")
    assert json.loads(again.out)["networks"].keys() == {"ha_net", "unet"}
    assert "4 runs, 4 of them done already" in again.err


def test_mistakes_are_one_line(stand_in, tmp_path, refused):
    refused("crossval", "--preset", "cart", says=["data is missing: give --data"])
    words = ("crossval", "--data", "BUSI", "--preset", "cart", "--run-dir", tmp_path)
    refused(*words, "--only", 7, says=["expected test folds among 0, 1, 2, 3, 4, got 7"])
    refused(*words, "--model", "masa_net", says=["masa_net", "--help"])
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_killed_twice_it_ends_with_the_same_table(phantoms, tmp_path):
    def start(folder):
        words = ["crossval", "--data", phantoms, "--preset", "quick", "--model", "unet", "--base-filters", 8]
        words += ["--size", 32, "--batch-size", 4, "--epochs", 3, "--folds", 3, "--run-dir", folder]
        command = [sys.executable, "-m", "keras_hanet", *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def num_epochs(folder):
        return sum(len(path.read_text().splitlines()) - 1 for path in folder.glob("unet/fold-*/history.csv"))

    def kill_after(folder, epochs):
        process = start(folder)
        while num_epochs(folder) < epochs:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected, _ = start(whole).communicate()
    kill_after(killed, 2)  # in the middle of the first fold
    kill_after(killed, 7)  # in the middle of the third
    table, _ = start(killed).communicate()
    assert "pooled" in table
    assert table == expected
    for name in ("cases.csv", "summary.json"):
        read = [(folder / "unet" / name).read_text().replace(str(folder), "") for folder in (whole, killed)]
        assert read[0] == read[1], name
    history = [Path(folder, "unet", "fold-2", "history.csv").read_text() for folder in (whole, killed)]
    assert history[0] == history[1]
