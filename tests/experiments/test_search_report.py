"""What a search leaves: table, best configuration, HParams, report."""

import csv
import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_hanet.experiments import search_study
from keras_hanet.experiments.search_report import CAUTION, format_best, write_results
from keras_hanet.experiments.search_space import make_distributions
from keras_hanet.training.config import TrainConfig, read_config
from keras_hanet.version import INTENDED_USE

SPACE = {
    "learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "model": {"position_encoding": ["learned", "none"]},
    "augmentation": [None, {"flip": 0.0}],
}
CONFIG = TrainConfig(data="BUSI", epochs=3)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder and the result of a search with three complete trials, a pruned and a failed one."""
    folder = tmp_path_factory.mktemp("search")
    study = search_study.open_study(folder, 3)
    distributions = make_distributions(SPACE, CONFIG)
    outcomes = [{"state": "complete", "score": score, "epochs": 3} for score in (0.5, 0.75, 0.25)]
    outcomes += [{"state": "pruned", "epochs": 1}, {"state": "failed", "error": "it broke"}]
    for outcome in outcomes:
        trial = search_study.next_trial(study, distributions, 0)
        search_study.tell(study, trial.number, outcome)
    write_results(folder, study, CONFIG, "hanet search --data BUSI")
    return folder, write_results(folder, study, CONFIG, "hanet search --data BUSI")


def test_the_table_has_a_row_a_trial(written):
    with (written[0] / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["trial", "state", "score", "epochs", "error", "learning_rate", "model.position_encoding",
                             "augmentation"]
    told = [(row["state"], row["score"], row["epochs"], row["error"]) for row in rows]
    assert told == [
        ("complete", "0.5", "3", ""), ("complete", "0.75", "3", ""), ("complete", "0.25", "3", ""),
        ("pruned", "", "1", ""), ("failed", "", "", "it broke"),
    ]


def test_the_best_is_given_as_a_configuration_and_with_the_command_that_trains_it(written):
    folder, result = written
    assert json.loads((folder / "search.json").read_text()) == result
    assert (result["best"]["trial"], result["best"]["score"]) == (1, 0.75)
    assert result["trials"] == {"complete": 3, "pruned": 1, "failed": 1}
    best, values = read_config(folder / "best.json"), result["best"]["values"]
    assert best.learning_rate == values["learning_rate"]
    assert best.model.position_encoding == values["model.position_encoding"]
    assert result["next"].startswith(f"hanet train --config {folder}/best.json --run-dir ")
    lines = format_best(result).splitlines()
    assert lines[2] == f"| learning_rate | {values['learning_rate']:.4g} | too few trials |"


def test_tensorboard_has_the_values_and_the_score_of_each_complete_trial_once(written):
    folder = written[0] / "tensorboard"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["trial-000", "trial-001", "trial-002"]
    assert len(list((folder / "trial-001").iterdir())) == 1
    events = EventAccumulator(str(folder / "trial-001"))
    events.Reload()
    assert [event.value for event in events.Scalars("validation/score")] == [0.75]
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"learning_rate" in content
    assert b"model.position_encoding" in content


def test_the_report_says_what_was_scored_and_how_far_to_believe_it(written):
    folder = written[0]
    page, text = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    assert INTENDED_USE in page
    assert CAUTION in text
    assert "best validation score: **0.7500** trial 1, 5 trials" in text
    assert "3 complete, 1 pruned, 1 failed" in text
    assert page.count("<svg") == 4, "the history and one for each field"
    assert "charts/field-2.svg" in text
    table = text[text.index("The best 3 trials") :]
    assert [line.split("|")[2].strip() for line in table.splitlines() if line.startswith("| ")][2:5] == [
        "0.7500", "0.5000", "0.2500",
    ]
