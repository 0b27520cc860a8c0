"""The trials of a search on a Ray cluster: Ray Tune trains them, the study of the search says which and for how long.

Ray Tune's `OptunaSearch` runs with Optuna 5, but it prunes nothing by the study (a trial that Tune ends early is told
as complete), forgets a trial that was on its way when the command is killed, and draws by one seed for all trials. So
Tune gets a searcher and a scheduler that ask the same study as on one machine.
"""

import io
import os
from contextlib import redirect_stdout
from pathlib import Path

from keras_hanet.cluster import connect
from keras_hanet.experiments import search_study
from keras_hanet.experiments.runs import print_to
from keras_hanet.experiments.search_trial import leave_outcome, name_of, read_outcome
from keras_hanet.training.config import from_dict, to_dict

os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")  # a table of its own, and a log, otherwise

from ray import nodes, tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

_MAX_LOSSES = 3  # of the worker of a trial


def train_on_cluster(train, trials, command, num_left, left, jobs, address):
    """Train trials on a cluster until their number is reached.

    A trial takes one GPU where the cluster has any, and its share of a machine's processor cores. Every path must be
    the same on every machine; `study.db` is used by this process alone.

    Args:
        train: `train_network` of `search_trial`.
        trials: `keras_hanet.experiments.search.Trials`.
        command: of the search.
        num_left: how many trials are left.
        left: iterator over as many items, drawn as the trials end.
        jobs: how many at once on a machine.
        address: as for `keras_hanet.cluster.connect`.

    Raises:
        InputError, FailedError: as `connect`.
    """
    searcher = StudySearcher(trials, num_left, left)
    with connect(address):
        resources, num_slots = _share(jobs)
        folder = trials.folder.resolve()
        given = {"train": train, "folder": str(folder), "command": command, "cores": resources["cpu"]}
        tuner = tune.Tuner(
            tune.with_resources(tune.with_parameters(_train, **given), resources),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=StudyScheduler(searcher),
                num_samples=num_left,
                max_concurrent_trials=num_slots,
            ),
            run_config=tune.RunConfig(
                storage_path=str(folder / "ray"),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=_MAX_LOSSES),
            ),
        )
        with redirect_stdout(io.StringIO()):  # it speaks of every trial, and standard output is the result's
            tuner.fit()


class StudySearcher(Searcher):
    """What Ray Tune asks for the next trial and tells how one ended; the arguments are those of `train_on_cluster`."""

    def __init__(self, trials, num_left, left):
        super().__init__()  # with a metric it would refuse a trial that failed before its first epoch
        self._trials, self._num_left, self._left = trials, num_left, left
        self._number_of, self._cut_short = {}, set()
        next(self._left, None)  # a bar counts an item when the next one is asked for

    def suggest(self, trial_id):
        while self._num_left:
            self._num_left -= 1
            number, config = self._trials.begin()
            if config is not None:
                self._number_of[trial_id] = number
                return {"number": number, "config": to_dict(config)}
            next(self._left, None)
        return self.FINISHED

    def has_ended(self, trial_id):
        """Whether a trial has left its outcome."""
        return read_outcome(self._trials.folder / name_of(self._number_of[trial_id])) is not None

    def is_enough(self, trial_id, result):
        """Keep the score of an epoch; whether the trial is to be cut short."""
        study, number = self._trials.study, self._number_of[trial_id]
        trial = search_study.running_trial(study, number)
        if "val_score" in result and search_study.report(study, trial, result["epoch"], result["val_score"]):
            self._cut_short.add(trial_id)
        return trial_id in self._cut_short

    def on_trial_complete(self, trial_id, result=None, error=False):
        number = self._number_of[trial_id]
        pruned = {"state": "pruned", "epochs": (result or {}).get("epoch")}
        self._trials.end(number, pruned if trial_id in self._cut_short else None)
        next(self._left, None)

    def save(self, checkpoint_path):
        """Nothing: all there is to go on with is in the study."""

    def restore(self, checkpoint_path):
        """Nothing, as `save`."""

    def __getstate__(self):
        return {}


class StudyScheduler(FIFOScheduler):
    """Ends a trial early where the study's pruner says so."""

    def __init__(self, searcher):
        super().__init__()
        self._searcher = searcher

    def on_trial_result(self, tune_controller, trial, result):
        # A trial that ended by itself gives its last result again.
        if not self._searcher.has_ended(trial.trial_id) and self._searcher.is_enough(trial.trial_id, result):
            return self.STOP
        return self.CONTINUE


def _train(values, train, folder, command, cores):
    """The work of Ray's worker."""
    config, run_dir = from_dict(values["config"]), Path(folder) / name_of(values["number"])
    print_to(run_dir.with_suffix(".log"), int(cores))

    def report(epoch, score):
        tune.report({"epoch": epoch, "val_score": score})
        return False  # Tune ends this process where it is to end

    leave_outcome(train, config, run_dir, command, report)


def _share(jobs):
    """What a trial takes of a machine, and how many trials the cluster has room for."""
    found = [node["Resources"] for node in nodes() if node["Alive"] and node["Resources"].get("CPU")]
    cores = max(1, int(min(node["CPU"] for node in found)) // jobs)
    num_gpus = sum(int(node.get("GPU", 0)) for node in found)
    num_slots = num_gpus or sum(int(node["CPU"]) // cores for node in found)
    return {"cpu": cores, "gpu": 1 if num_gpus else 0}, num_slots
