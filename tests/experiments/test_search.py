"""A search: what it finds, that it goes on after a kill, what it refuses; trainings are stood in for."""

import csv
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
import stand_in_training
from stand_in_training import score_at

from keras_hanet.errors import FailedError, InputError
from keras_hanet.experiments import search, search_trial
from keras_hanet.training.config import TrainConfig, read_config

TESTS = Path(__file__).parents[1]
SPACE = {"learning_rate": {"low": 1e-4, "high": 4e-3, "log": True}, "jaccard_weight": [0.5, 1.0]}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(search, "_TRAIN", stand_in_training.fit_trial)


@pytest.fixture
def in_this_process(monkeypatch):
    """Trials without a process of their own, which takes seconds to start."""

    def run_tasks(function, tasks):
        for arguments in tasks.values():
            function(*arguments, 1)
        return ()

    monkeypatch.setattr(search, "run_tasks", run_tasks)
    monkeypatch.setattr(search_trial, "apart", lambda log, cores: nullcontext())


@pytest.fixture
def config(phantoms):
    return TrainConfig(data=str(phantoms), epochs=2)


def run(config, folder, num_trials=3, space=SPACE, **more):
    more = {"say": lambda line: None, **more}
    return search.search(config, folder, "hanet search", space, num_trials, **more)


def read_trials(folder):
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_best_trial_has_the_best_score_and_its_configuration_can_be_trained(in_this_process, config, tmp_path):
    result = run(config, tmp_path)
    rows = read_trials(tmp_path)
    assert [row["state"] for row in rows] == ["complete"] * 3
    scores = [score_at(float(row["learning_rate"])) for row in rows]
    assert [float(row["score"]) for row in rows] == pytest.approx(scores)
    assert result["best"]["score"] == max(float(row["score"]) for row in rows)
    best = read_config(tmp_path / "best.json")
    assert best.learning_rate == result["best"]["values"]["learning_rate"]
    assert (best.data, best.epochs) == (config.data, 2)
    assert result["next"] == f"hanet train --config {tmp_path}/best.json --run-dir {tmp_path}/best"
    assert not list(tmp_path.glob("trials/*/checkpoint")), "a trial leaves no weights"


def test_with_the_same_seed_the_same_values_are_tried_and_with_another_others(in_this_process, config, tmp_path):
    for name, seed in (("one", 0), ("again", 0), ("other", 1)):
        run(config, tmp_path / name, seed=seed)
    tried = {path.name: [row["learning_rate"] for row in read_trials(path)] for path in tmp_path.iterdir()}
    assert tried["one"] == tried["again"]
    assert not set(tried["one"]) & set(tried["other"])
    assert len(set(tried["one"])) == 3


def test_it_goes_on_to_a_larger_number_as_one_that_was_larger_from_the_start(in_this_process, config, tmp_path):
    said = []
    for num_trials in (2, 4, 4):
        run(config, tmp_path / "grown", num_trials, say=said.append)
    run(config, tmp_path / "whole", 4)
    assert read_trials(tmp_path / "grown") == read_trials(tmp_path / "whole")
    assert said[-1] == f"{tmp_path / 'grown'}: 4 trials, 4 of them done already"
    trained = [path.read_text().count("\n") for path in (tmp_path / "grown").glob("trials/*/trained.txt")]
    assert trained == [1] * 4


def test_a_killed_search_trains_the_trial_it_was_in_again_under_its_number(config, tmp_path, phantoms):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    import stand_in_training as stand_in; from keras_hanet.experiments import search\n"
        "    from keras_hanet.training.config import TrainConfig\n"
        "    search._TRAIN = stand_in.fit_trial\n"
        "    config = TrainConfig(data=sys.argv[2], epochs=2, extra_data=('wait',))\n"
        f"    search.search(config, sys.argv[3], 'hanet search', {SPACE!r}, 3)\n"
    )
    script, folder = tmp_path / "killed.py", tmp_path / "killed"
    script.write_text(code)
    process = subprocess.Popen([sys.executable, script, TESTS, phantoms, folder], stderr=subprocess.DEVNULL)
    while not (folder / "trials/trial-001/trained.txt").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (folder / "trials/go").touch()
    config = TrainConfig(data=str(phantoms), epochs=2, extra_data=("wait",))
    run(config, folder)
    (tmp_path / "whole/trials").mkdir(parents=True)
    (tmp_path / "whole/trials/go").touch()
    run(config, tmp_path / "whole")
    assert read_trials(folder) == read_trials(tmp_path / "whole")
    trained = {path.parent.name: path.read_text().count("\n") for path in folder.glob("trials/*/trained.txt")}
    assert trained == {"trial-000": 1, "trial-001": 2, "trial-002": 1}


def test_a_trial_that_fails_is_kept_with_its_reason_and_does_not_stop_the_search(in_this_process, config, tmp_path):
    result = run(config, tmp_path, 6, {"learning_rate": [1e-3, 1e-2]})
    states = {(row["learning_rate"], row["state"], row["error"]) for row in read_trials(tmp_path)}
    broke = "the loss became not-a-number in the first epoch"
    assert states == {("0.001", "complete", ""), ("0.01", "failed", broke)}
    assert sum(result["trials"].values()) == 6
    assert result["best"]["values"] == {"learning_rate": 1e-3}


def test_a_trial_whose_process_dies_is_kept_too(config, tmp_path):
    with pytest.raises(FailedError, match=r"none of 1 trials is complete; .* it died; what it said is in .*000\.log"):
        run(config, tmp_path, 1, {"learning_rate": [0.5]})
    assert (tmp_path / "trials/trial-000.log").exists()


def test_values_that_do_not_go_together_fail_without_a_training(in_this_process, config, tmp_path):
    space = {"bce_weight": [0.0, 1.0], "jaccard_weight": [0.0, 1.0]}
    run(config, tmp_path, 8, space)
    failed = [row for row in read_trials(tmp_path) if row["state"] == "failed"]
    assert {(row["bce_weight"], row["jaccard_weight"]) for row in failed} == {("0.0", "0.0")}
    assert failed[0]["error"] == "one of bce_weight and jaccard_weight must be above 0"
    assert not (tmp_path / "trials" / f"trial-{int(failed[0]['trial']):03}").exists()


def test_a_search_without_a_complete_trial_says_why(in_this_process, config, tmp_path):
    with pytest.raises(FailedError, match=r"none of 2 trials is complete.* not-a-number in the first epoch"):
        run(config, tmp_path, 2, {"learning_rate": [1e-2]})
    assert not (tmp_path / "best.json").exists()


def test_a_poor_trial_is_cut_short_at_the_median_of_those_before(in_this_process, config, tmp_path):
    config = TrainConfig(data=config.data, epochs=4)
    result = run(config, tmp_path, 12, {"learning_rate": [1e-3, 1e-4]})
    states = {(row["learning_rate"], row["state"], row["epochs"]) for row in read_trials(tmp_path)[4:]}
    assert ("0.0001", "pruned", "1") in states, "after a quarter of the epochs"
    assert ("0.0001", "complete", "4") not in states
    assert result["trials"]["pruned"] > 0


def test_another_search_in_the_same_folder_is_refused(in_this_process, config, tmp_path):
    run(config, tmp_path, 1)
    with pytest.raises(InputError, match="another configuration"):
        run(TrainConfig(data=config.data, epochs=3), tmp_path)
    with pytest.raises(InputError, match="another space or seed"):
        run(config, tmp_path, seed=1)
    with pytest.raises(InputError, match="another space or seed"):
        run(config, tmp_path, space={"batch_size": [2, 4]})


def test_mistakes_are_refused_before_anything_is_written(config, tmp_path):
    folder = tmp_path / "search"
    with pytest.raises(InputError, match="at least 1 trial"):
        run(config, folder, 0)
    with pytest.raises(InputError, match="give --address local beside --jobs 2"):
        run(config, folder, jobs=2)
    with pytest.raises(InputError, match="nowhere"):
        run(TrainConfig(data=str(tmp_path / "nowhere")), folder)
    assert not folder.exists()
