"""The study in its file: what comes next, what is kept, what each field explains."""

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from keras_hanet.experiments import search_study

SPACE = {"x": FloatDistribution(0.0, 1.0), "y": FloatDistribution(0.0, 1.0)}


@pytest.fixture
def study(tmp_path):
    return search_study.open_study(tmp_path, epochs=4)


def complete(study, score, epochs=(), seed=0):
    trial = search_study.next_trial(study, SPACE, seed)
    for epoch, value in enumerate(epochs, 1):
        search_study.report(study, trial, epoch, value)
    search_study.tell(study, trial.number, {"state": "complete", "score": score, "epochs": len(epochs)})
    return trial


def test_no_two_trials_draw_the_same_even_where_each_is_by_another_process(study, tmp_path):
    values = []
    for _ in range(4):
        values.append(complete(search_study.open_study(tmp_path, epochs=4), 0.5).params["x"])
    assert len(set(values)) == 4


def test_a_trial_that_was_not_told_is_given_again_with_its_values_unless_it_is_on_its_way(study, tmp_path):
    trial = search_study.next_trial(study, SPACE, 0)
    again = search_study.next_trial(search_study.open_study(tmp_path, epochs=4), SPACE, 0)
    assert (again.number, again.params) == (trial.number, trial.params)
    assert search_study.next_trial(study, SPACE, 0, taken={0}).number == 1


def test_a_trial_that_has_not_all_its_values_failed(study):
    study.ask()
    assert search_study.next_trial(study, SPACE, 0).number == 1
    (failed,) = search_study.finished_trials(study)
    assert (failed.state, failed.user_attrs["error"]) == (TrialState.FAIL, "killed before it had its values")


def test_a_trial_is_cut_short_below_the_median_of_its_epoch_from_a_quarter_on_and_after_four_trials(study):
    for value in (0.2, 0.4, 0.6, 0.8):
        trial = search_study.next_trial(study, SPACE, 0)
        assert not search_study.report(study, trial, 1, value)
        search_study.tell(study, trial.number, {"state": "complete", "score": value})
    poor = search_study.next_trial(study, SPACE, 0)
    assert search_study.report(study, poor, 1, 0.49)
    assert search_study.report(study, poor, 1, 0.9), "what was reported of an epoch stays"
    search_study.tell(study, poor.number, {"state": "pruned", "epochs": 1})
    good = search_study.next_trial(study, SPACE, 0)
    assert not search_study.report(study, good, 1, 0.51)


def test_how_a_trial_ended_is_read_again_by_another_process(study, tmp_path):
    complete(study, 0.75, (0.5, 0.75))
    trial = search_study.next_trial(study, SPACE, 0)
    search_study.tell(study, trial.number, {"state": "failed", "error": "it broke", "epochs": None, "score": None})
    first, second = search_study.finished_trials(search_study.open_study(tmp_path, epochs=4))
    assert (first.value, first.user_attrs, first.intermediate_values) == (0.75, {"epochs": 2}, {1: 0.5, 2: 0.75})
    assert (second.state, second.user_attrs) == (TrialState.FAIL, {"error": "it broke"})


def test_the_field_that_makes_the_score_explains_it_and_few_trials_explain_nothing(study):
    for number in range(20):
        assert (search_study.importances(study) == {}) == (number < 8)
        trial = search_study.next_trial(study, SPACE, 0)
        search_study.tell(study, trial.number, {"state": "complete", "score": trial.params["x"]})
    shares = search_study.importances(study)
    assert list(shares) == ["x", "y"]
    assert shares["x"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)
