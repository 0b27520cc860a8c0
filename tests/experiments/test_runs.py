"""Many trainings: what is done once, what goes on, what is said when one fails."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import stand_in_training

from keras_hanet.errors import FailedError, InputError
from keras_hanet.experiments import runs
from keras_hanet.training.config import TrainConfig

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)


def trained(folder):
    """The lines that each finished training left: how often it ran, and on how many cores."""
    return {path.parent.name: path.read_text().splitlines() for path in sorted(folder.glob("*/trained.txt"))}


def test_every_run_is_trained_once_and_the_bar_counts_its_epochs(tmp_path):
    configs = {"one": TrainConfig(epochs=2), "two": TrainConfig(epochs=3, fold=1)}
    counted, said = [], []

    def count(epochs):
        counted.append(len(epochs))
        counted.append(sum(1 for _ in epochs))
        return []

    for _ in range(2):
        runs.finish_runs(configs, tmp_path, "hanet crossval", say=said.append, progress=lambda e: count(e))
    cores = str(os.cpu_count())
    assert trained(tmp_path) == {"one": [f"3 {cores}"], "two": [f"4 {cores}"]}
    assert counted == [5, 5]
    assert said[-1] == f"{tmp_path}: 2 runs, 2 of them done already"
    assert stand_in_training.read_json(tmp_path / "one" / "config.json")["command"] == "hanet crossval"


def test_jobs_share_the_cores(tmp_path):
    configs = {name: TrainConfig(epochs=1) for name in ("one", "two")}
    runs.finish_runs(configs, tmp_path, "hanet crossval", jobs=2, say=lambda line: None)
    cores = str(max(1, os.cpu_count() // 2))
    assert trained(tmp_path) == {"one": [f"2 {cores}"], "two": [f"2 {cores}"]}
    with pytest.raises(InputError, match="jobs must be at least 1, got 0"):
        runs.finish_runs(configs, tmp_path / "new", "hanet crossval", jobs=0)


def test_with_an_address_the_cluster_gets_each_run_that_is_left_and_failures_are_named(tmp_path, monkeypatch):
    configs = {name: TrainConfig(epochs=2) for name in ("one", "two", "three")}
    runs.finish_runs({"two": configs["two"]}, tmp_path, "hanet crossval", say=lambda line: None)
    asked = []

    def run_tasks(function, tasks, jobs, address, started):
        asked.append((function, tasks, jobs, address))
        for name, (config, run_dir, command, log) in tasks.items():
            started(name)
            yield None
            if name == "one":
                function(config, run_dir, command, log, 3)
            yield name, int(name == "three")

    monkeypatch.setattr(runs, "run_tasks", run_tasks)
    said, bars = [], []
    with pytest.raises(FailedError, match="1 of 3 trainings failed: three"):
        runs.finish_runs(
            configs, tmp_path, "hanet crossval", jobs=2, say=said.append, address="10.0.0.1:6379",
            progress=lambda epochs: bars.append(sum(1 for _ in epochs)) or [],
        )
    [(function, tasks, jobs, address)] = asked
    assert (function, jobs, address) == (stand_in_training.train, 2, "10.0.0.1:6379")
    expected = {
        name: (configs[name], tmp_path / name, "hanet crossval", tmp_path / f"{name}.log") for name in ("one", "three")
    }
    assert tasks == expected
    assert bars == [4]
    assert trained(tmp_path)["one"] == ["3 3"]
    assert [line.split(":")[1].split(";")[0] for line in said[1:]] == [" training", " done", " training", " FAILED"]


def test_run_of_another_configuration_is_refused_before_any_training(tmp_path):
    config = TrainConfig(epochs=1)
    runs.finish_runs({"one": config}, tmp_path, "hanet crossval", say=lambda line: None)
    with pytest.raises(InputError, match="one holds a run of another configuration"):
        runs.finish_runs({"new": config, "one": replace(config, epochs=2)}, tmp_path, "hanet crossval")
    assert not (tmp_path / "new").exists()


def test_failed_training_is_named_with_its_log_and_the_others_are_finished(tmp_path):
    configs = {"bad": TrainConfig(epochs=1, groups="fail"), "good": TrainConfig(epochs=1)}
    with pytest.raises(FailedError, match=r"1 of 2 trainings failed: bad; .*bad\.log"):
        runs.finish_runs(configs, tmp_path, "hanet crossval", say=lambda line: None)
    assert (tmp_path / "good" / "summary.json").exists()
    assert (tmp_path / "bad.log").read_text() == "it failed\n"


def is_running(pid):
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def test_trainings_end_with_a_killed_experiment(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from keras_hanet.experiments import runs\n"
        "from keras_hanet.training.config import TrainConfig\n"
        "import hanging_training\n"
        "if __name__ == '__main__':\n"
        "    runs._train = hanging_training.train\n"
        "    runs.finish_runs({'one': TrainConfig(epochs=3, groups='hang')}, Path(sys.argv[2]), 'hanet crossval')\n"
    )
    script = tmp_path / "experiment.py"
    script.write_text(code)
    # The real process does its work below `_end_with_parent`; so does this one.
    (tmp_path / "hanging_training.py").write_text(
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        "import threading\n"
        "import stand_in_training\n"
        "from keras_hanet.experiments.runs import _end_with_parent\n"
        "def train(*arguments):\n"
        "    threading.Thread(target=_end_with_parent, daemon=True).start()\n"
        "    stand_in_training.train(*arguments)\n"
    )
    with subprocess.Popen([sys.executable, script, tmp_path, tmp_path / "runs"], stderr=subprocess.DEVNULL) as parent:
        history = tmp_path / "runs" / "one" / "history.csv"
        wait_for(history.exists)
        pid = int((tmp_path / "runs" / "one" / "pid").read_text())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: not is_running(pid), seconds=10)
