"""The card: where a model comes from, in numbers that can be counted."""

import hashlib
import json

import pytest
from small_model import METADATA, make_small_model, write_small_run

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import read_split
from keras_hanet.errors import InputError
from keras_hanet.export.card import count_operations, hash_run, make_card


@pytest.fixture
def run_dir(tmp_path, phantoms):
    return write_small_run(tmp_path / "run", phantoms)


@pytest.fixture
def split(run_dir, phantoms):
    return read_split(run_dir / "split.json", read_samples(phantoms)[1])


def test_card_counts_images_weights_and_scores(run_dir, split):
    card = make_card(make_small_model(), run_dir, split, 12345)
    counts = {}
    for sample in split.train:
        counts[sample.diagnosis] = counts.get(sample.diagnosis, 0) + 1
    assert card["training"]["images"] == {"busi": counts}
    assert card["training"]["leaks"] is False
    # A 3x3 kernel from 3 to 4, one of 3x3 for each of 4, a 1x1 from 4 to 1, each with biases.
    assert card["parameters"] == 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 + 4 + 4 + 1
    assert card["flops"] == 12345
    assert card["scores"]["lesion"]["dice"] == {"mean": 0.5, "ci95": [0.4, 0.6]}
    assert card["scores"]["normal"] == {"num": 1, "false_alarm_rate": {"mean": 0.0, "ci95": None}}
    assert card["contract"]["inputs"]["image"]["shape"] == ["N", 64, 64, 3]
    assert list(card["contract"]["outputs"]) == ["probability"]
    assert json.loads(json.dumps(card)) == card


def test_head_is_in_the_contract(run_dir, split):
    outputs = make_card(make_small_model(num_classes=3), run_dir, split, 0)["contract"]["outputs"]
    assert outputs["diagnosis"] == {"shape": ["N", 3], "dtype": "float32", "classes": ["normal", "benign", "malignant"]}


def test_hash_is_that_of_the_files_hashes(run_dir):
    names = ("config.json", "split.json", "metadata.json", "model.keras")
    lines = "".join(f"{name} {hashlib.sha256((run_dir / name).read_bytes()).hexdigest()}\n" for name in names)
    before = hash_run(run_dir)
    assert before == hashlib.sha256(lines.encode()).hexdigest()
    with (run_dir / "model.keras").open("ab") as file:
        file.write(b"x")
    assert hash_run(run_dir) != before


def test_run_without_scores_is_refused(run_dir, split):
    (run_dir / "summary.json").unlink()
    with pytest.raises(InputError, match=r"expected a finished run with a summary\.json; let its training end"):
        make_card(make_small_model(), run_dir, split, 0)


def test_operations_are_those_of_the_convolutions():
    # Multiplication and addition apart: 64 x 64 pixels of 3x3x3 -> 4, 32 x 32 of 3x3 for 4, 64 x 64 of 4 -> 1.
    convolutions = 2 * (64 * 64 * 27 * 4 + 32 * 32 * 9 * 4 + 64 * 64 * 4)
    biases_and_the_rest = 64 * 64 * 40
    assert convolutions < count_operations(make_small_model(), METADATA) < convolutions + biases_and_the_rest
