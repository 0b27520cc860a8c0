import csv
import json
import shutil

import pytest

from keras_hanet.cli.robustness import name_models
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.files import write_json


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_two_models_from_data_to_table_and_again_without_computing(tmp_path, trained, hanet):
    output = tmp_path / "robustness"
    (tmp_path / "other").mkdir()
    for name in ("model.keras", "metadata.json", "split.json"):
        shutil.copy(trained.run_dir / name, tmp_path / "other")
    words = ("robustness", "--model", trained.run_dir, "--model", tmp_path / "other" / "model.keras")
    words += ("--data", trained.data, "--output", output, "--json")
    done = hanet(*words)
    assert done.code == 0, done.err
    num_test = len(json.loads((trained.run_dir / "split.json").read_text())["parts"]["test"])
    assert f"24 images, {num_test} of them new to every model" in done.err
    assert done.out.count("\n") == 1
    printed = json.loads(done.out)
    assert printed["results"] == json.loads((output / "results.json").read_text())["results"]
    assert list(printed["models"]) == ["a run", "other"]
    rows = rows_of(output / "results.csv")
    assert len(rows) == 2 * 26
    first, second = rows[:26], rows[26:]
    for one, two in zip(first, second, strict=True):
        assert one["dice"] == two["dice"], "the same weights under the same noise"
        assert float(two["against_first"]) == 0
    assert [path for path in output.rglob("*") if ".part-" in path.name] == []

    (output / "cases" / "a run" / "gain-2.csv").unlink()
    kept = {path: path.stat().st_mtime_ns for path in output.glob("cases/*/*.csv")}
    again = hanet(*words)
    assert json.loads(again.out)["results"] == printed["results"]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert (output / "cases" / "a run" / "gain-2.csv").exists()


@pytest.fixture
def run_dir(tmp_path, bright_predictor):
    """What a run folder must hold besides the model, for a model that has seen nothing."""
    write_json(tmp_path / "run" / "split.json", {"name": "none", "parts": {"train": {}, "validation": {}, "test": {}}})
    for name in ("model.keras", "metadata.json"):
        (tmp_path / "run" / name).write_bytes(b"")
    return tmp_path / "run"


def test_table_goes_to_standard_output_and_the_rest_to_standard_error(tmp_path, run_dir, hanet):
    others = write_phantoms(tmp_path / "others", num=2, seed=9)
    done = hanet("robustness", "--model", run_dir, "--data", others, "--output", tmp_path / "robustness")
    assert done.code == 0, done.err
    head = done.out.split("\n")[0].split()
    assert " ".join(head).startswith("| degradation | strength | run: Dice, % | change, points |")
    assert done.out.count("\n") == 2 + 26
    scores = {row["dice"] for row in rows_of(tmp_path / "robustness" / "results.csv")}
    assert len(scores) >= 24, "degradations and levels differ; at low contrast nothing is bright"
    assert "Research use only" in done.err


def test_results_of_other_noise_are_refused(tmp_path, run_dir, hanet, refused):
    others = write_phantoms(tmp_path / "others", num=2, seed=9)
    words = ("robustness", "--model", run_dir, "--data", others, "--output", tmp_path / "robustness")
    assert hanet(*words).code == 0
    refused(*words, "--seed", 1, says=[tmp_path / "robustness", "with seed 1, found others; give another --output"])
    refused(*words, "--seed", -1, says=["--seed must be a whole number of at least 0, got -1"])


def test_a_model_given_twice_and_a_model_that_is_not_there_are_refused(tmp_path, trained, refused):
    words = ("robustness", "--model", trained.run_dir, "--data", trained.data, "--output", tmp_path)
    refused(*words, "--model", trained.run_dir, says=["expected models of different folders", "give each once"])
    refused(*words, "--model", tmp_path / "none", says=[tmp_path / "none", "a run folder, an exported folder"])
    assert list(tmp_path.iterdir()) == []


def test_runs_of_one_name_are_told_apart_by_their_parents(tmp_path):
    paths = [tmp_path / "cart" / "fold-0", tmp_path / "peer" / "fold-0"]
    for path in paths:
        path.mkdir(parents=True)
    assert list(name_models(paths)) == ["cart-fold-0", "peer-fold-0"]
    assert list(name_models(paths[:1])) == ["fold-0"]
    assert list(name_models(paths).values()) == [path / "model.keras" for path in paths]
