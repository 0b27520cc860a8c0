"""A trial: what it leaves, which epoch's score counts, that the test part is not scored."""

import json
from dataclasses import replace

import pytest

from keras_hanet.errors import FailedError
from keras_hanet.experiments.search_trial import leave_outcome, read_outcome, score_of, train_network
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig

CONFIG = TrainConfig(epochs=3)


def outcome_of(run_dir, scores, is_whole=True, config=CONFIG, cut_short=False):
    def train(config, run_dir, command, report):
        (run_dir / "checkpoint").mkdir(parents=True)
        (run_dir / "best.weights.h5").touch()
        return [{"val_score": score} for score in scores], is_whole

    leave_outcome(train, config, run_dir, "hanet search", lambda epoch, score: cut_short)
    return read_outcome(run_dir)


def test_the_score_is_that_of_the_epoch_that_is_kept(tmp_path):
    assert score_of([0.2, 0.9, 0.5], CONFIG) == 0.9
    assert score_of([0.2, 0.9, 0.5], replace(CONFIG, kept_epoch="last")) == 0.5
    assert outcome_of(tmp_path / "a", [0.2, 0.9, 0.5]) == {
        "score": 0.9, "epochs": 3, "error": None, "state": "complete",
    }
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["outcome.json"], "the weights are gone"


def test_a_trial_ends_early_by_pruning_by_patience_or_by_a_loss_that_is_none(tmp_path):
    pruned = outcome_of(tmp_path / "pruned", [0.2, 0.3], cut_short=True)
    assert (pruned["state"], pruned["score"], pruned["epochs"]) == ("pruned", None, 2)
    patient = outcome_of(tmp_path / "patient", [0.3, 0.2])
    assert (patient["state"], patient["score"]) == ("complete", 0.3)
    broken = outcome_of(tmp_path / "broken", [0.3, 0.2], is_whole=False)
    assert (broken["state"], broken["error"]) == ("failed", "the loss became not-a-number after epoch 2")
    last = outcome_of(tmp_path / "last", [0.2, 0.3, 0.4], cut_short=True)
    assert last["state"] == "complete", "there is nothing to cut after the last epoch"


def test_an_error_that_is_a_sentence_is_the_outcome_and_another_is_not(tmp_path):
    def train(error):
        def fail(*arguments):
            raise error

        return fail

    leave_outcome(train(FailedError("it broke")), CONFIG, tmp_path, "hanet search", None)
    assert (read_outcome(tmp_path)["state"], read_outcome(tmp_path)["error"]) == ("failed", "it broke")
    with pytest.raises(ZeroDivisionError):
        leave_outcome(train(ZeroDivisionError()), CONFIG, tmp_path / "other", "hanet search", None)
    assert read_outcome(tmp_path / "other") is None


def test_a_network_is_trained_and_its_validation_scores_told_but_the_test_part_is_not_scored(
    phantoms, tiny_network, tmp_path
):
    model = HANetConfig(encoder="efficientnet_lite0", encoder_weights="none", size=64, decoder_filters=(8,) * 5)
    config = TrainConfig(data=str(phantoms), epochs=3, batch_size=4, model=model)
    told = []

    def report(epoch, score):
        told.append((epoch, score))
        return epoch == 2

    rows, is_whole = train_network(config, tmp_path, "hanet search", report)
    assert told == [(1, rows[0]["val_score"]), (2, rows[1]["val_score"])], "and it ends where it is told to"
    assert is_whole
    left = {path.name for path in tmp_path.iterdir()}
    assert not left & {"summary.json", "cases.csv", "model.keras", "metadata.json", "overlays", "report.html"}
    test = json.loads((tmp_path / "split.json").read_text())
    assert len(test["parts"]["test"]) > 0, "there is a test part that could have been scored"
    again, _ = train_network(config, tmp_path, "hanet search", report)
    assert again == rows, "a trial that ended before it was told is not trained again"
