"""A trial of a search: a training that ends with its validation score; the test part is not scored."""

import math
import shutil

from keras_hanet.errors import FailedError, InputError
from keras_hanet.experiments import search_study
from keras_hanet.experiments.runs import apart
from keras_hanet.files import read_json, write_json

OUTCOME = "outcome.json"


def name_of(number):
    """The folder of a trial, within that of the search."""
    return f"trials/trial-{number:03}"


def train_trial(train, config, folder, number, command, cores):
    """The work of a process on the machine that holds the study: train a trial and leave its outcome.

    Args:
        train: `train_network`, or what takes its place.
        config: `TrainConfig` of the trial.
        folder: path of the search.
        number: of the trial, which is running.
        command: of the search.
        cores: of the processor, its share.
    """
    with apart(folder / f"{name_of(number)}.log", cores):
        study = search_study.open_study(folder, config.epochs)
        trial = search_study.running_trial(study, number)

        def report(epoch, score):
            return search_study.report(study, trial, epoch, score)

        leave_outcome(train, config, folder / name_of(number), command, report)


def leave_outcome(train, config, run_dir, command, report):
    """Train a trial, or go on training it, and write `outcome.json` for `read_outcome`.

    The weights are deleted then: what a search is for is the configuration.

    Args:
        train: as of `train_trial`.
        config: `TrainConfig`.
        run_dir: path of the trial.
        command: of the search.
        report: function of an epoch's number, from 1, and its score 0..1, saying whether to cut the trial short.
    """
    try:
        rows, is_whole = train(config, run_dir, command, report)
        outcome = _judge(rows, is_whole, config, report)
    except (InputError, FailedError) as error:
        outcome = {"state": "failed", "score": None, "epochs": 0, "error": str(error)}
    write_json(run_dir / OUTCOME, outcome)
    shutil.rmtree(run_dir / "checkpoint", ignore_errors=True)
    (run_dir / "best.weights.h5").unlink(missing_ok=True)


def train_network(config, run_dir, command, report):
    """Train the network of a trial up to, and without, its operating point and the test part.

    Args:
        config, run_dir, command, report: as of `leave_outcome`.

    Returns:
        the history, a dict an epoch; whether the training came to its end: False where its loss became
        not-a-number.

    Raises:
        InputError, FailedError: as `keras_hanet.training.trainer.train`.
    """
    from keras_hanet.training import trainer
    from keras_hanet.training.callbacks import Report

    resume = (run_dir / "config.json").exists()
    trained = trainer.train_network(config, run_dir, command, resume, say=print, callbacks=(Report(report),))
    return trained.checkpoint.rows, trained.checkpoint.stopped or len(trained.checkpoint.rows) == config.epochs


def read_outcome(run_dir):
    """How a trial ended; None where it has not."""
    try:
        return read_json(run_dir / OUTCOME, "delete it, and the same command trains the trial again")
    except FileNotFoundError:
        return None


def score_of(scores, config):
    """The score of a training: that of the epoch which is kept.

    Args:
        scores: validation score of each epoch, one or more.
        config: `TrainConfig`.
    """
    return scores[-1] if config.kept_epoch == "last" else max(scores)


def _judge(rows, is_whole, config, report):
    scores = [row["val_score"] for row in rows]
    outcome = {"score": None, "epochs": len(scores), "error": None}
    if not is_whole or not all(map(math.isfinite, scores)):
        return {**outcome, "state": "failed", "error": f"the loss became not-a-number after epoch {len(scores)}"}
    if len(scores) < config.epochs and report(len(scores), scores[-1]):
        return {**outcome, "state": "pruned"}
    return {**outcome, "state": "complete", "score": score_of(scores, config)}
