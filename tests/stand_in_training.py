"""Takes the place of a training in tests of experiments: same files, same moments to be killed, no network."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

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
