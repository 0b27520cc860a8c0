"""Search: which values of the configuration give the best validation score; trial by trial, going on after a kill."""

from pathlib import Path

from keras_hanet.cluster import run_tasks
from keras_hanet.data.layouts import read_samples
from keras_hanet.errors import FailedError, InputError
from keras_hanet.experiments import search_study
from keras_hanet.experiments.search_report import write_results
from keras_hanet.experiments.search_space import DEFAULT_SPACE, configure, make_distributions
from keras_hanet.experiments.search_trial import name_of, read_outcome, train_network, train_trial
from keras_hanet.files import read_json, write_json
from keras_hanet.training.config import from_dict, to_dict

_FORMAT = 1
_TRAIN = train_network


def search(
    config, folder, command, space=None, num_trials=20, seed=0, jobs=1, address=None, say=print, progress=iter
):
    """Try values of the configuration, each by a training, for the best score on the validation part.

    The score is the one that a training watches: the mean Dice of the validation images at probability 0.5, a true
    negative as 1, at the epoch that the configuration keeps. The test part is not scored.

    Args:
        config: `TrainConfig`; what the space does not hold is as it says.
        folder: of the search: `study.db`, `trials/`, and what `write_results` writes. What is done is not done again.
        command: the command that does this again.
        space: dict as of `read_space`; None for `DEFAULT_SPACE`.
        num_trials: how many in all, those included that were pruned or failed.
        seed: of the values that are tried.
        jobs: how many trials at once on a machine of the cluster; 1 without one.
        address: of the Ray cluster that trains, as for `keras_hanet.cluster.connect`; None trains here, one by one.
        say: takes lines of text for the user.
        progress: wraps the iterator over trials.

    Returns:
        dict, as `write_results` writes it to search.json.

    Raises:
        InputError: if the data, the space or the numbers cannot be used, or the folder holds another search.
        FailedError: if no trial was complete.
    """
    folder, space = Path(folder), DEFAULT_SPACE if space is None else space
    if num_trials < 1 or not 0 <= seed < 2**32:
        raise InputError(f"expected at least 1 trial and a seed from 0 to 2^32, got {num_trials} and {seed}")
    if address is None and jobs != 1:
        raise InputError(f"several trials at once need a cluster: give --address local beside --jobs {jobs}")
    distributions = make_distributions(space, config)
    read_samples(config.data, config.dataset, config.groups)
    _begin(folder, config, space, seed)
    study = search_study.open_study(folder, config.epochs)
    num_done = len(search_study.finished_trials(study))
    say(f"{folder}: {num_trials} trials, {min(num_done, num_trials)} of them done already")
    trials = Trials(study, distributions, config, folder, seed, say)
    num_left = max(0, num_trials - num_done)
    left = progress(range(num_left))
    if not num_left:
        pass
    elif address is None:
        for _ in left:
            _train_here(trials, command)
    else:
        from keras_hanet.experiments.search_cluster import train_on_cluster

        train_on_cluster(_TRAIN, trials, command, num_left, iter(left), jobs, address)
    _check_any(study, folder)
    return write_results(folder, study, config, command)


class Trials:
    """The trials of a search, from the values of one to how it ended."""

    def __init__(self, study, distributions, config, folder, seed, say):
        self.study, self.folder = study, folder
        self._distributions, self._config, self._seed, self._say = distributions, config, seed, say
        self._taken = set()

    def begin(self):
        """The number and `TrainConfig` of the next one; None for the latter if its values do not go together."""
        trial = search_study.next_trial(self.study, self._distributions, self._seed, self._taken)
        self._taken.add(trial.number)
        try:
            config = configure(self._config, trial.params)
        except InputError as error:
            self.end(trial.number, {"state": "failed", "error": str(error)})
            return trial.number, None
        values = ", ".join(f"{name} {_short(value)}" for name, value in trial.params.items())
        self._say(f"trial {trial.number}: {values}")
        return trial.number, config

    def end(self, number, outcome=None):
        """Keep how a trial ended: as given, or as its folder says."""
        failed = {"state": "failed", "error": f"it died; what it said is in {self.folder / name_of(number)}.log"}
        outcome = outcome or read_outcome(self.folder / name_of(number)) or failed
        search_study.tell(self.study, number, outcome)
        result = f"{outcome['score']:.4f}" if outcome["state"] == "complete" else outcome["state"]
        self._say(f"trial {number}: {result}{': ' + outcome['error'] if outcome.get('error') else ''}")


def _train_here(trials, command):
    number, config = trials.begin()
    if config is None:
        return
    if read_outcome(trials.folder / name_of(number)) is None:
        task = (_TRAIN, config, trials.folder, number, command)
        for _ in run_tasks(train_trial, {name_of(number): task}):
            pass
    trials.end(number)


def _begin(folder, config, space, seed):
    """Write what the search is, or hold it against what it was."""
    path = folder / "settings.json"
    settings = {"format": _FORMAT, "seed": seed, "space": space, "config": to_dict(config)}
    try:
        known = read_json(path, "start a new search in another --run-dir")
    except FileNotFoundError:
        write_json(path, settings)
        return
    if known.get("format") != _FORMAT or from_dict(known["config"]) != config:
        raise InputError(
            f"{folder} holds a search from another configuration; give the flags it was made with, or another --run-dir"
        )
    if (known["space"], known["seed"]) != (space, seed):
        raise InputError(
            f"{folder} holds a search of another space or seed; give those it was made with, or another --run-dir"
        )


def _check_any(study, folder):
    ended = search_study.finished_trials(study)
    if not any(search_study.STATES[trial.state] == "complete" for trial in ended):
        errors = [trial.user_attrs["error"] for trial in ended if "error" in trial.user_attrs]
        last = errors[-1] if errors else "nothing"
        raise FailedError(f"{folder}: none of {len(ended)} trials is complete; what failed last said: {last}")


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
