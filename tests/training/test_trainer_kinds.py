"""Runs of other kinds than a plain HA-Net on an honest split: with a head, on a split that leaks, of a peer."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from helpers import tiny_config

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.inference import Predictor
from keras_hanet.models.config import HANetConfig
from keras_hanet.training import trainer


def test_classification_head_is_trained_and_scored(phantoms, tiny_network, tmp_path):
    config = tiny_config(phantoms)
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, num_classes=3))
    summary = trainer.train(config, tmp_path / "run", "hanet train --classify", say=lambda line: None)
    with (tmp_path / "run" / "history.csv").open(newline="") as file:
        [epoch] = csv.DictReader(file)
    weighted = float(epoch["bce"]) + float(epoch["jaccard_loss"]) + 0.3 * float(epoch["diagnosis_loss"])
    assert float(epoch["loss"]) == pytest.approx(weighted, abs=1e-3)
    assert {"dice", "val_score", "diagnosis_accuracy", "val_diagnosis_accuracy"} <= set(epoch)
    rows = read_cases(tmp_path / "run" / "cases.csv")
    named = [max(DIAGNOSES, key=lambda name: row[f"{name}_probability"]) for row in rows]
    right = [name == row["diagnosis"] for name, row in zip(named, rows, strict=True)]
    assert summary["diagnosis"]["accuracy"] == pytest.approx(np.mean(right))
    probabilities = np.array([[row[f"{name}_probability"] for name in DIAGNOSES] for row in rows])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    predictor = Predictor(tmp_path / "run")
    sample = next(sample for sample in read_samples(phantoms)[1] if sample.id == rows[0]["id"])
    np.testing.assert_allclose(predictor.diagnose([load_sample(sample)[0]])[0], probabilities[0], atol=1e-5)


@pytest.mark.parametrize("split", ["random", "training_on_test"])
def test_every_output_of_a_run_that_leaks_says_so(split, phantoms, tiny_network, tmp_path):
    config = tiny_config(phantoms, split=split, allow_leak=True)
    summary = trainer.train(config, tmp_path / "run", "hanet train", say=lambda line: None)
    assert summary["split"].startswith("LEAKS: ")
    assert summary["model"].startswith("LEAKS, no honest score: HA-Net")
    assert json.loads((tmp_path / "run" / "metadata.json").read_text())["name"] == summary["model"]
    assert json.loads((tmp_path / "run" / "split.json").read_text())["leaks"] is True
    assert json.loads((tmp_path / "run" / "config.json").read_text())["allow_leak"] is True


def test_a_peer_is_trained_by_the_same_recipe(phantoms, tmp_path):
    model = HANetConfig(architecture="unet", base_filters=8, size=32)
    summary = trainer.train(tiny_config(phantoms, model=model), tmp_path / "run", "hanet train", say=lambda line: None)
    assert summary["model"] == "U-Net (width 8)"
    assert Predictor(tmp_path / "run").metadata.size == 32
