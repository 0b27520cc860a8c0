"""The study of a search, in a file of its folder: what is tried next, what has been tried, what is cut short."""

import warnings

import numpy as np
import optuna
from optuna.trial import TrialState

NAME, FILE = "search", "study.db"
STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_STATE_OF = {name: state for state, name in STATES.items()}
_SECONDS_FOR_LOCK = 60
_TRIALS_BEFORE_PRUNING = 4


def open_study(folder, epochs):
    """The study of a folder, a new one if there is none.

    After a quarter of the epochs a trial is cut short at an epoch where its best score so far is below the median of
    those that earlier trials had there, once four have ended.

    Args:
        folder: path of the search, existing.
        epochs: of a trial.

    Returns:
        `optuna.Study`.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it speaks of every trial otherwise
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{folder / FILE}", engine_kwargs={"connect_args": {"timeout": _SECONDS_FOR_LOCK}}
    )
    pruner = optuna.pruners.MedianPruner(_TRIALS_BEFORE_PRUNING, n_warmup_steps=max(1, epochs // 4))
    return optuna.create_study(
        storage=storage, pruner=pruner, study_name=NAME, direction="maximize", load_if_exists=True
    )


def next_trial(study, distributions, seed, taken=()):
    """A trial that a killed search left, else a new one.

    The sampler of each trial has a seed of its own: one that went on after a kill would else draw again what the
    first trials drew.

    Args:
        study: of `open_study`.
        distributions: {name: distribution}.
        seed: of the search; with it and the results of the trials before, a trial's values are certain.
        taken: numbers of trials that are on their way.

    Returns:
        `optuna.Trial` with all its values.
    """
    left = [trial.number for trial in study.get_trials(states=(TrialState.RUNNING,)) if trial.number not in taken]
    for number in left:
        trial = running_trial(study, number)
        if set(trial.params) == set(distributions):
            return trial
        tell(study, number, {"state": "failed", "error": "killed before it had its values"})
    trial_seed = np.random.SeedSequence((seed, len(study.trials))).generate_state(1)[0]
    study.sampler = optuna.samplers.TPESampler(seed=int(trial_seed))
    return study.ask(fixed_distributions=distributions)


def running_trial(study, number):
    """The trial of a number, to report to."""
    found = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == number)
    return optuna.Trial(study, found._trial_id)  # Optuna has no public way from a number to a trial


def report(study, trial, epoch, score):
    """Keep the score of an epoch; once is enough, and again does no harm.

    Returns:
        whether the trial is to be cut short.
    """
    known = next(t for t in study.get_trials(deepcopy=False) if t.number == trial.number).intermediate_values
    if epoch not in known:
        trial.report(score, epoch)
    return trial.should_prune()


def tell(study, number, outcome):
    """Keep how a trial ended.

    Args:
        study: of `open_study`.
        number: of the trial.
        outcome: {"state": "complete", "pruned" or "failed"} and, as there are, "score", "epochs" and "error".
    """
    trial = running_trial(study, number)
    for name in ("epochs", "error"):
        if outcome.get(name) is not None:
            trial.set_user_attr(name, outcome[name])
    study.tell(number, outcome.get("score"), state=_STATE_OF[outcome["state"]])


def finished_trials(study):
    """Those that ended, however; list of `optuna.trial.FrozenTrial` in the order of their numbers."""
    return study.get_trials(states=tuple(STATES))


def importances(study):
    """How much of the differences in score each field explains, {name: share} with a sum of 1, falling.

    Source: PED-ANOVA, Watanabe, Bansal and Hutter, IJCAI 2023.

    Returns:
        {} where fewer trials are complete than it takes to say anything.
    """
    complete = study.get_trials(states=(TrialState.COMPLETE,), deepcopy=False)
    if len({trial.value for trial in complete}) < 2 * _TRIALS_BEFORE_PRUNING:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.importance.get_param_importances(study)
