import csv
import errno
import json
import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from layouts import save

from keras_hanet.cli import train as command
from keras_hanet.training import trainer
from keras_hanet.training.config import read_config, to_dict
from keras_hanet.training.presets import preset


@pytest.fixture
def no_training(monkeypatch):
    """What `hanet train` would train: the configurations and folders it hands over, without the hours."""
    calls = []

    def train(config, run_dir, command_line, resume, say, progress, devices, storage):
        calls.append((config, run_dir, resume))
        return {}

    monkeypatch.setattr(trainer, "train", train)
    monkeypatch.setattr(command, "print_summary", lambda summary, as_json: None)
    return calls


# === A run ===


def test_the_last_line_of_standard_output_is_the_summary_and_nothing_else_is_there(trained):
    assert trained.out.count("\n") == 1
    summary = json.loads(trained.out)
    assert summary == json.loads((trained.run_dir / "summary.json").read_text())
    assert summary["all"]["num"] == len(json.loads((trained.run_dir / "split.json").read_text())["parts"]["test"])


def test_the_person_hears_what_was_taken_and_what_to_type_next(trained):
    assert f"{trained.data}: layout 'busi', 24 images" in trained.err
    assert "epoch 1/1: loss" in trained.err
    assert "lesion images" in trained.err
    quoted = shlex.quote(str(trained.run_dir))
    assert f"hanet predict {trained.data} --model {quoted} --output predictions" in trained.err
    assert "Traceback" not in trained.err


def test_the_run_folder_describes_itself(trained):
    names = {path.name for path in trained.run_dir.iterdir()}
    assert names >= {
        *("config.json", "split.json", "history.csv", "model.keras", "metadata.json", "cases.csv"),
        *("summary.json", "environment.json", "overlays", "tensorboard"),
    }
    parts = json.loads((trained.run_dir / "split.json").read_text())["parts"]
    assert sum(map(len, parts.values())) == 24
    with (trained.run_dir / "cases.csv").open(newline="") as file:
        cases = [row["id"] for row in csv.DictReader(file)]
    assert sorted(cases) == sorted(parts["test"])
    assert {path.stem for path in (trained.run_dir / "overlays").iterdir()} == set(cases)


def test_nothing_is_left_half_written(trained):
    assert [path for path in trained.run_dir.rglob("*") if ".part-" in path.name] == []


def test_the_summary_holds_the_command_that_does_it_again(trained):
    words = shlex.split(json.loads(trained.out)["command"])
    assert words[:4] == ["hanet", "train", "--data", str(trained.data)]
    assert words[-3:] == ["--run-dir", str(trained.run_dir), "--json"]


def test_the_configuration_of_a_run_gives_the_same_run(trained, hanet, no_training, tmp_path):
    path = trained.run_dir / "config.json"
    quick = preset("quick")
    config = read_config(path)
    assert (config.epochs, config.model.size, config.data) == (1, 64, str(trained.data))
    assert (config.learning_rate, config.augmentation) == (quick.learning_rate, quick.augmentation)
    assert hanet("train", "--config", path, "--run-dir", tmp_path / "run").code == 0
    assert hanet("train", "--config", path, "--run-dir", tmp_path / "run", "--epochs", 7).code == 0
    (first, run_dir, resume), (second, *_) = no_training
    assert (first, run_dir, resume) == (config, tmp_path / "run", False)
    assert second.epochs == 7
    assert {**to_dict(second), "epochs": 1} == to_dict(first)


def test_a_finished_run_is_not_scored_again(trained, hanet):
    before = (trained.run_dir / "cases.csv").stat().st_mtime_ns
    done = hanet("train", "--resume", "--run-dir", trained.run_dir, "--json")
    assert done.code == 0
    assert json.loads(done.out) == json.loads(trained.out)
    assert "This run is finished" in done.err
    assert (trained.run_dir / "cases.csv").stat().st_mtime_ns == before


# === Choices ===


def test_without_data_the_quick_recipe_runs_on_phantoms(tmp_path, monkeypatch, hanet, no_training):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "NUM_PHANTOMS", 2)
    assert hanet("train").code == 0
    ((config, run_dir, _),) = no_training
    assert config.data == "runs/phantoms-2"
    assert (tmp_path / "runs/phantoms-2/benign/benign (1).png").is_file()
    assert config.model == preset("quick").model
    assert run_dir.parent.name == "runs"
    assert run_dir.name.startswith("quick-")


def test_with_data_the_standard_recipe_runs(scans, hanet, no_training):
    assert hanet("train", "--data", scans, "--fold", 2).code == 0
    ((config, run_dir, _),) = no_training
    standard = preset("standard")
    assert {**to_dict(config), "data": None, "fold": 0} == to_dict(standard)
    assert (config.data, config.fold) == (str(scans), 2)
    assert run_dir.name.startswith("standard-")


# === Bad configuration ===


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--preset fast", ["--preset", "'fast'", "cart", "paper", "quick", "standard"]),
        ("--preset cart --config config.json", ["give --preset or --config, not both"]),
        ("--resume", ["--resume needs --run-dir"]),
        ("--resume --run-dir run --preset cart", ["leave --preset and --config out"]),
        ("--resume --run-dir run --config config.json", ["leave --preset and --config out"]),
        ("--resume --run-dir run", ["run: expected a run folder with a config.json, found none; check the path"]),
        ("--config none.json", ["none.json: no such configuration file; check the path"]),
        ("--config .", [".: expected a file that can be read (it is a folder or a device)"]),
        ("--num-classes 2", ["num_classes must be 0 or 3", "got 2"]),
        ("--epochs 0", ["epochs must be greater than 0, got 0"]),
        ("--epochs ten", ["--epochs", "'ten'", "'hanet train --help'"]),
        ("--schedule linear", ["schedule must be one of plateau, cosine, got 'linear'"]),
        ("--size 100", ["size must be a positive multiple of 32 up to 4096, got 100"]),
        ("--decoder-filters 64 32", ["decoder_filters must have 5 numbers", "got [64, 32]"]),
        ("--coordinator here:1 --num-processes 2", ["--process-id is missing", "give all three"]),
        (
            "--coordinator here:1 --num-processes 2 --process-id 0",
            ["several processes need --data and --run-dir, the same folders for all"],
        ),
        ("--cache tape", ["--cache", "'tape'", "'auto', 'memory', 'disk'"]),
        ("--augment-flip 2", ["flip must be between 0 and 1, got 2.0"]),
    ],
)
def test_a_bad_choice_is_refused(tmp_path, monkeypatch, refused, words, says):
    monkeypatch.chdir(tmp_path)
    refused("train", *words.split(), says=says)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"epoch": 3}', ["no configuration key epoch;", "known are: data,", " epochs,"]),
        ('{"model": {"siz": 64}}', ["no configuration key model.siz;", " size,"]),
        ('{"augmentation": {"flipp": 0.5}}', ["no configuration key augmentation.flipp;", "flip,"]),
        ('{"model": 3}', ["model must be a JSON object, got 3"]),
        ('{"epochs": "ten"}', ["wrong type"]),
        ("[1]", ["config.json: expected a JSON object, got a list"]),
        ("epochs: 3", ["config.json: expected JSON, the file is damaged"]),
    ],
)
def test_a_bad_configuration_file_is_refused(tmp_path, refused, content, says):
    path = tmp_path / "config.json"
    path.write_text(content)
    refused("train", "--config", path, says=says)
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_folder_of_another_version_is_refused(tmp_path, trained, refused):
    values = json.loads((trained.run_dir / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**values, "format": 99}))
    refused("train", "--resume", "--run-dir", tmp_path, says=[tmp_path, "format 1, got 99", "start a new run"])


def test_resuming_with_other_flags_is_refused(tmp_path, trained, refused):
    shutil.copy(trained.run_dir / "config.json", tmp_path)
    words = ("train", "--resume", "--run-dir", tmp_path, "--learning-rate", "0.5")
    refused(*words, says=[tmp_path / "config.json", "give --resume and --run-dir alone"])


def test_a_run_folder_in_use_is_refused(tmp_path, scans, refused):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    words = ("train", "--data", scans, "--run-dir", tmp_path / "run")
    refused(*words, says=[tmp_path / "run", "not empty; give another --run-dir, or --resume"])
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["notes.txt"]


def test_a_file_in_the_place_of_the_run_folder_is_refused(tmp_path, scans, refused):
    (tmp_path / "run").write_text("mine")
    refused("train", "--data", scans, "--run-dir", tmp_path / "run", says=[tmp_path / "run", "give another path"])


# === Bad data ===


def quick(scans, run_dir):
    return ("train", "--data", scans, "--preset", "quick", "--size", 32, "--num-folds", 3, "--run-dir", run_dir)


def test_a_folder_of_no_known_layout_is_refused_and_leaves_no_run(tmp_path, refused):
    (tmp_path / "data").mkdir()
    words = quick(tmp_path / "data", tmp_path / "run")
    refused(*words, says=[tmp_path / "data", "expected one of these layouts, found none", "check the path"])
    assert not (tmp_path / "run").exists()


def test_a_mask_of_another_size_is_refused(tmp_path, scans, refused):
    for number in range(6):
        save(scans / "masks" / f"scan{number}.png", np.zeros((16, 12)))
    says = [scans / "masks" / "scan", "expected a mask of its image's size, 16 x 12 pixels, got 12 x 16", "one size"]
    refused(*quick(scans, tmp_path / "run"), says=says)


def test_a_cut_off_image_is_refused(tmp_path, scans, refused):
    path = scans / "images" / "scan1.png"
    save(path, np.random.default_rng(0).integers(0, 256, (40, 40)))
    path.write_bytes(path.read_bytes()[:700])
    words = quick(scans, tmp_path / "run")
    refused(*words, says=[path, "the file is cut off or damaged; copy it again from its source"])


@pytest.mark.parametrize(("num_folds", "fold"), [(2, 0), (3, 3)])
def test_a_fold_that_is_not_there_is_refused(tmp_path, scans, refused, num_folds, fold):
    words = ("train", "--data", scans, "--num-folds", num_folds, "--fold", fold, "--run-dir", tmp_path / "run")
    refused(*words, says=["expected at least 3 folds", f"got {num_folds} folds and test fold {fold}", "choose another"])
    assert not (tmp_path / "run").exists()


def test_a_full_disk_ends_in_a_sentence_and_leaves_no_half_file(tmp_path, scans, refused, monkeypatch):
    def write_text(path, text):
        path.write_bytes(text[:5].encode())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", write_text)
    refused(*quick(scans, tmp_path / "run"), says=["no space is left on the disk; free some and run the command"])
    assert list((tmp_path / "run").iterdir()) == []
