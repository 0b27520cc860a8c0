"""`hanet push` from a trained model to versions and back, as a person calls it."""

import json

import numpy as np
import pytest
from small_model import make_small_model, write_small_run

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.inference import Predictor

# The small model is no network that reaches the bars, and five phantoms tell little.
NO_BARS = ("--min-dice", 0, "--max-missed-rate", 1, "--max-false-alarm-rate", 1)


@pytest.fixture(scope="module")
def exports(tmp_path_factory, phantoms):
    """Exported folders of the small run, and of one that finds less."""
    from keras_hanet.export.exporter import export_run

    folder = tmp_path_factory.mktemp("exports")
    for name, model in (("good", make_small_model()), ("worse", make_small_model(kernel_factor=30))):
        run_dir = write_small_run(folder / f"run-{name}", phantoms, model)
        export_run(run_dir, folder / name, ["saved_model", "tflite_float32"], "c", say=lambda line: None)
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "saved models" / "hanet"


def log_of(target):
    return [json.loads(line) for line in (target / "push_log.jsonl").read_text().splitlines()]


def test_push_refuse_and_roll_back(exports, phantoms, target, hanet):
    words = ("--data", phantoms, "--to", target, *NO_BARS)
    first = hanet("push", exports / "good" / "saved_model", *words, "--json")
    assert first.code == 0, first.err
    record = json.loads(first.out)
    assert first.out.count("\n") == 1
    assert "5 of 24 images are new to the candidate" in first.err
    assert f"Version 1 is in {target}; back: hanet push --rollback --to {target}" in first.err
    assert record == log_of(target)[0]
    assert record["run_sha256"] == json.loads((target / "1" / "metadata.json").read_text())["card"]["run_sha256"]
    assert record["command"].startswith("hanet push ")
    assert record["scores"]["dice"]["mean"] > 0.1

    second = hanet("push", exports / "good" / "saved_model", *words)
    assert second.code == 0, second.err
    assert "Dice +0.0 [0.0, 0.0] points" in second.out

    worse = hanet("push", exports / "worse" / "saved_model", *words)
    assert worse.code == 1
    reason = worse.err.splitlines()[-1]
    assert reason.startswith("hanet: not pushed: Dice against version 2 on 4 lesion images: -")
    assert reason.endswith("the interval must lie above -1: it is worse")
    assert "missed lesions, %" in worse.out

    back = hanet("push", "--rollback", "--to", target, "--json")
    assert back.code == 0, back.err
    assert f"Version 2 is out of {target}; the newest is 1 now" in back.err
    assert json.loads(back.out) == log_of(target)[-1]
    assert [(event["event"], event["version"]) for event in log_of(target)] == [
        ("pushed", 1), ("pushed", 2), ("refused", None), ("rolled back", 2)
    ]
    assert sorted(path.name for path in target.iterdir()) == [".lock", "1", "push_log.jsonl", "rolled-back-2"]


def test_a_version_predicts_as_its_run_does(exports, phantoms, target, hanet):
    done = hanet("push", exports / "good" / "tflite_float32", "--data", phantoms, "--to", target, *NO_BARS)
    assert done.code == 0, done.err
    images = [load_sample(sample)[0] for sample in read_samples(phantoms)[1][:3]]
    expected = Predictor(exports / "run-good").predict(images)
    for one, other in zip(Predictor(target / "1").predict(images), expected, strict=True):
        assert other.mask.any()
        np.testing.assert_allclose(one.probability, other.probability, atol=1e-4)


def test_below_the_bars_the_exit_code_is_1_and_nothing_is_copied(exports, phantoms, target, hanet):
    words = ("push", exports / "good" / "tflite_float32", "--data", phantoms, "--to", target, "--min-dice", 0.99)
    done = hanet(*words, "--json")
    assert done.code == 1
    assert "hanet: not pushed: Dice: " in done.err
    assert "at least 99 % is asked for" in done.err
    record = json.loads(done.out)
    assert record["event"] == "refused"
    assert log_of(target) == [record]
    assert sorted(path.name for path in target.iterdir()) == [".lock", "push_log.jsonl"]


@pytest.mark.parametrize("words", [(), ("exports/onnx",), ("--data", "BUSI")])
def test_a_push_needs_an_artefact_and_data(target, refused, words):
    refused("push", *words, "--to", target, says=["expected ARTEFACT and --data, or --rollback"])
    assert not target.exists()


@pytest.mark.parametrize("words", [("exports/onnx",), ("--data", "BUSI")])
def test_a_rollback_takes_nothing_else(target, refused, words):
    refused("push", *words, "--rollback", "--to", target, says=["expected --rollback and --to alone"])


def test_a_bar_in_per_cent_is_refused(exports, phantoms, target, refused):
    words = ("push", exports / "good" / "saved_model", "--data", phantoms, "--to", target, "--min-dice", 60)
    refused(*words, says=["min_dice must be a number from 0 to 1, got 60.0"])


def test_a_run_folder_is_refused(exports, phantoms, target, refused):
    words = ("push", exports / "run-good", "--data", phantoms, "--to", target)
    refused(*words, says=[exports / "run-good", "it lacks gate.json; export the run"])
    assert not target.exists()


def test_a_rollback_where_nothing_is_is_refused(target, refused):
    refused("push", "--rollback", "--to", target, says=[target, "expected a folder of versions, found none"])


def test_file_in_the_place_of_the_versions_is_refused_at_once(tmp_path, phantoms, refused):
    (tmp_path / "a file").write_text("mine")
    words = ("push", tmp_path / "nothing yet", "--data", phantoms, "--to", tmp_path / "a file")
    refused(*words, says=["--to: expected the folder of the versions, got the file", "give another path"])
    assert (tmp_path / "a file").read_text() == "mine"
