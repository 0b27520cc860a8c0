"""Trials by Ray Tune: what it is told and asked, by hand; and on a small cluster of this machine."""

from types import SimpleNamespace

import pytest
import stand_in_training
from stand_in_training import read_json, score_at

from keras_hanet.experiments import search
from keras_hanet.experiments.search_cluster import StudyScheduler, StudySearcher
from keras_hanet.experiments.search_space import make_distributions
from keras_hanet.experiments.search_study import STATES, finished_trials, open_study
from keras_hanet.experiments.search_trial import leave_outcome, name_of
from keras_hanet.training.config import TrainConfig, from_dict

CONFIG = TrainConfig(epochs=4)


class Trials(search.Trials):
    """Trials of a study, with the lines that were said of them."""

    def __init__(self, folder, space, config=CONFIG):
        self.said = []
        folder.mkdir(parents=True, exist_ok=True)
        study = open_study(folder, config.epochs)
        super().__init__(study, make_distributions(space, config), config, folder, 0, self.said.append)

    def states(self):
        return [STATES[trial.state] for trial in finished_trials(self.study)]


def follow(searcher, name, folder):
    """What Ray Tune does with a trial; False where there is none left."""
    given = searcher.suggest(name)
    if given == searcher.FINISHED:
        return False
    scheduler, trial, decisions = StudyScheduler(searcher), SimpleNamespace(trial_id=name), []
    result = {}

    def report(epoch, score):
        result.update(epoch=epoch, val_score=score)
        decisions.append(scheduler.on_trial_result(None, trial, result))
        if decisions[-1] == scheduler.STOP:
            raise SystemExit  # Tune ends the worker

    try:
        config = from_dict(given["config"])
        leave_outcome(stand_in_training.fit_trial, config, folder / name_of(given["number"]), "hanet search", report)
        assert scheduler.on_trial_result(None, trial, {**result, "done": True}) == scheduler.CONTINUE
    except SystemExit:
        pass
    searcher.on_trial_complete(name, result)
    return True


def test_tune_gets_as_many_trials_as_there_are_and_each_ends_as_its_folder_says(tmp_path):
    trials, counted = Trials(tmp_path, {"learning_rate": [1e-3, 1e-2]}), []
    searcher = StudySearcher(trials, 6, counting(6, counted))
    while follow(searcher, f"tune-{len(trials.states())}", tmp_path):
        pass
    ended = finished_trials(trials.study)
    assert len(ended) == len(counted) == 6
    rates = [trial.params["learning_rate"] for trial in ended]
    assert trials.states() == [{1e-3: "complete", 1e-2: "failed"}[rate] for rate in rates]
    assert {trial.value for trial in ended} == {score_at(1e-3), None}


def test_the_study_cuts_a_trial_short_and_it_is_kept_as_pruned_with_its_epochs(tmp_path):
    trials = Trials(tmp_path, {"learning_rate": [1e-3, 1e-4]})
    for rate in (1e-3, 1e-3, 1e-3, 1e-3, 1e-4):
        trials.study.enqueue_trial({"learning_rate": rate})
    searcher = StudySearcher(trials, 5, iter(range(5)))
    for number in range(5):
        follow(searcher, f"tune-{number}", tmp_path)
    assert trials.states() == ["complete"] * 4 + ["pruned"]
    last = finished_trials(trials.study)[-1]
    assert last.user_attrs == {"epochs": 1}
    assert list(last.intermediate_values) == [1]


def test_a_trial_whose_worker_was_lost_too_often_failed(tmp_path):
    trials = Trials(tmp_path, {"learning_rate": [1e-3]})
    searcher = StudySearcher(trials, 1, iter(range(1)))
    searcher.suggest("tune")
    searcher.on_trial_complete("tune", error=True)
    assert trials.states() == ["failed"]
    assert "it died; what it said is in" in trials.said[-1]


def test_values_that_do_not_go_together_are_passed_over(tmp_path):
    trials = Trials(tmp_path, {"bce_weight": [0.0], "jaccard_weight": [1.0]}, TrainConfig(epochs=4, bce_weight=0.0))
    trials._distributions = make_distributions({"jaccard_weight": [0.0]}, TrainConfig())
    searcher = StudySearcher(trials, 2, iter(range(2)))
    assert searcher.suggest("tune") == searcher.FINISHED
    assert trials.states() == ["failed", "failed"]


def counting(num, counted):
    """As a bar: an item counts when the next one is asked for."""
    for number in range(num):
        yield number
        counted.append(number)


@pytest.mark.slow
def test_a_search_on_a_cluster_trains_the_trials_of_one_machine(phantoms, tmp_path):
    from keras_hanet.models.config import HANetConfig

    model = HANetConfig(architecture="unet", base_filters=8, size=64)
    config = TrainConfig(data=str(phantoms), epochs=1, batch_size=4, model=model)
    space = {"learning_rate": {"low": 1e-4, "high": 3e-3, "log": True}}
    for name, where in (("here", {}), ("cluster", {"address": "local"})):
        search.search(config, tmp_path / name, "hanet search", space, 2, say=lambda line: None, **where)
    tables = [(tmp_path / name / "trials.csv").read_text() for name in ("here", "cluster")]
    assert tables[0] == tables[1]
    assert read_json(tmp_path / "cluster/search.json")["trials"] == {"complete": 2, "pruned": 0, "failed": 0}
    assert f"{phantoms}: layout" in (tmp_path / "cluster/trials/trial-000.log").read_text()
    assert not list((tmp_path / "cluster").rglob("summary.json")), "no test part was scored"
