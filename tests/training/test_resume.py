"""A training that is killed and resumed ends as one that was left alone."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from together import arrays

SCRIPT = Path(__file__).with_name("train_tiny.py")


def start(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process, expected):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == expected, output[-3000:]


def history(run_dir):
    with (run_dir / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_killed_in_the_second_epoch_and_resumed(schedule, phantoms, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    processes = start(phantoms, whole, schedule, "whole"), start(phantoms, killed, schedule, "killed")
    finish(processes[1], -signal.SIGKILL)
    assert len(json.loads((killed / "checkpoint" / "state.json").read_text())["rows"]) == len(history(killed)) == 1
    assert not (killed / "model.keras").exists()
    finish(start(phantoms, killed, schedule, "resumed"), 0)
    finish(processes[0], 0)

    assert [int(row["epoch"]) for row in history(whole)] == [1, 2, 3, 4]
    assert len({row["loss"] for row in history(whole)}) == 4
    assert history(killed) == history(whole)
    assert json.loads((killed / "summary.json").read_text()) == json.loads((whole / "summary.json").read_text())
    for name in ("metadata.json", "cases.csv", "split.json", "config.json"):
        assert (killed / name).read_text() == (whole / name).read_text(), name
    last = "checkpoint/epoch-4.weights.h5"
    expected, found = arrays(whole / last), arrays(killed / last)
    assert expected.keys() == found.keys()
    assert any("optimizer" in name for name in expected)
    assert [name for name in expected if not np.array_equal(expected[name], found[name])] == []
    assert sorted(p.name for p in whole.iterdir()) == sorted(p.name for p in killed.iterdir())
