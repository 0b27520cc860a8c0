"""Takes the place of a training in tests of experiments: same files, same moments to be killed, no network."""

import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

from keras_hanet.errors import FailedError
from keras_hanet.evaluation.cases import score_case, score_case_at_s, write_cases
from keras_hanet.evaluation.summary import summarise
from keras_hanet.files import write_json
from keras_hanet.training.config import to_dict

NUM_CASES = 6
SECONDS_AN_EPOCH = 0.02


def train(config, run_dir, command, log, cores):
    """As `experiments.runs._train`: an epoch is a line of history.csv; a third of the cases has no lesion.

    It fails where `config.groups` says "fail", and waits for ever in the second epoch where it says "hang".
    """
    if config.groups == "fail":
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("it failed\n")
        sys.exit(1)
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / "pid").write_text(str(os.getpid()))
    write_json(run_dir / "config.json", {"format": 1, "command": command, **to_dict(config)})
    history = run_dir / "history.csv"
    lines = history.read_text().splitlines() if history.exists() else ["epoch"]
    while len(lines) <= config.epochs:
        if config.groups == "hang" and len(lines) == 2:
            time.sleep(600)
        time.sleep(SECONDS_AN_EPOCH)
        lines.append(str(len(lines)))
        history.write_text("\n".join(lines) + "\n")
    with (run_dir / "trained.txt").open("a") as file:
        file.write(f"{len(lines)} {cores}\n")
    rows = make_rows(config)
    write_cases(run_dir / "cases.csv", rows)
    write_json(run_dir / "summary.json", {**summarise(rows), "model": config.model.architecture, "command": command})


def make_rows(config):
    """Cases that depend on the fold and, by one column of pixels, on the network."""
    rows = []
    for number in range(NUM_CASES):
        mask_true, mask_pred = np.zeros((2, 16, 16), np.uint8)
        if number % 3:
            mask_true[4:12, 4:12] = 1
            mask_pred[4:12, 4 : 12 - config.fold - (config.model.architecture != "ha_net")] = 1
        rows.append(
            {
                "id": f"{config.fold}-{number}",
                "source": "drawn",
                "diagnosis": "benign" if number % 3 else "normal",
                "group": f"{config.fold}-{number // 2}",
                "fold": config.fold,
                "height": 16,
                "width": 16,
                **score_case(mask_true, mask_pred, mask_pred.astype(float)),
                **score_case_at_s(mask_true, mask_pred),
            }
        )
    return rows


def read_json(path):
    return json.loads(Path(path).read_text())


def fit_trial(config, run_dir, command, report):
    """As `experiments.search_trial.train_network`: the score grows to 1 - |log10(learning rate) + 3| / 2.

    It fails above a learning rate of 0.005, ends the process above 0.1, and, where there are `extra_data`, waits
    for ever in the second epoch of trial 1 unless a file "go" is beside the trials.
    """
    if config.learning_rate > 0.1:
        os._exit(3)
    if config.learning_rate > 0.005:
        raise FailedError("the loss became not-a-number in the first epoch")
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / "checkpoint").mkdir(exist_ok=True)
    with (run_dir / "trained.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    rows, is_cut_short = [], False
    while len(rows) < config.epochs and not is_cut_short:
        epoch = len(rows) + 1
        if config.extra_data and epoch == 2 and run_dir.name == "trial-001" and not (run_dir.parent / "go").exists():
            time.sleep(600)
        rows.append({"val_score": score_at(config.learning_rate) * epoch / config.epochs})
        is_cut_short = report(epoch, rows[-1]["val_score"])
    return rows, True


def score_at(learning_rate):
    return 1 - abs(math.log10(learning_rate) + 3) / 2
