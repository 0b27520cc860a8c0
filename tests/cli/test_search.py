import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest
import stand_in_training

from keras_hanet.experiments import search, search_trial


@pytest.fixture
def stand_in(monkeypatch):
    def run_tasks(function, tasks):
        return [function(*arguments, 1) for arguments in tasks.values()]

    monkeypatch.setattr(search, "_TRAIN", stand_in_training.fit_trial)
    monkeypatch.setattr(search, "run_tasks", run_tasks)
    monkeypatch.setattr(search_trial, "apart", lambda log, cores: nullcontext())


def test_it_ends_with_the_best_values_a_caution_and_the_next_command(stand_in, phantoms, tmp_path, hanet):
    space, folder = tmp_path / "space.json", tmp_path / "search"
    space.write_text('{"learning_rate": {"low": 1e-4, "high": 4e-3, "log": true}}')
    words = ("search", "--data", phantoms, "--preset", "cart", "--epochs", 2, "--space", space, "--trials", 2)
    done = hanet(*words, "--run-dir", folder)
    assert done.code == 0, done.err
    assert "validation score 0." in done.out
    assert "| learning_rate |" in done.out
    assert "The best of many trials is partly the luckiest" in done.out
    assert done.err.splitlines()[-1] == f"  hanet train --config {folder}/best.json --run-dir {folder}/best"
    again = hanet(*words, "--run-dir", folder, "--json")
    assert json.loads(again.out)["trials"] == {"complete": 2, "pruned": 0, "failed": 0}
    assert "2 trials, 2 of them done already" in again.err


def test_mistakes_are_one_line(phantoms, tmp_path, refused):
    words = ("search", "--data", phantoms, "--preset", "cart", "--run-dir", tmp_path / "search")
    refused("search", "--preset", "cart", says=["data is missing: give --data"])
    refused(*words, "--space", tmp_path / "space.json", says=["space.json: no such file"])
    refused(*words, "--trials", 0, says=["at least 1 trial", "got 0"])
    refused(*words, "--jobs", 2, says=["--address local"])
    (tmp_path / "space.json").write_text('{"learning_rat": [1]}')
    refused(*words, "--space", tmp_path / "space.json", says=["learning_rat", "known are: data"])
    assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_killed_in_a_trial_it_ends_with_the_same_trials_and_its_best_can_be_trained(phantoms, tmp_path):
    (tmp_path / "space.json").write_text('{"learning_rate": {"low": 1e-4, "high": 3e-3, "log": true}}')

    def start(folder):
        words = ["search", "--data", phantoms, "--space", tmp_path / "space.json", "--trials", 3, "--epochs", 2]
        words += ["--architecture", "unet", "--base-filters", 8, "--size", 64, "--batch-size", 4, "--run-dir", folder]
        command = [sys.executable, "-m", "keras_hanet", *map(str, words)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected, _ = start(whole).communicate()
    process = start(killed)
    while not (killed / "trials/trial-001/history.csv").exists():  # one epoch of two
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    table, _ = start(killed).communicate()
    assert "validation score" in table
    assert table == expected
    assert (killed / "trials.csv").read_text() == (whole / "trials.csv").read_text()
    assert not list(killed.rglob("summary.json")), "no test part was scored"
    words = ["train", "--config", killed / "best.json", "--epochs", "1", "--run-dir", killed / "best"]
    subprocess.run([sys.executable, "-m", "keras_hanet", *map(str, words)], check=True, capture_output=True)
    assert (killed / "best/summary.json").exists()
