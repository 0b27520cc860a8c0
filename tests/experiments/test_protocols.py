"""Nine ways to score one recipe, each by hand on drawn counts."""

import numpy as np
import pytest
from helpers import tiny_config

from keras_hanet.data.layouts import read_samples
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.experiments import protocols, runs
from keras_hanet.metrics import Confusion
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.trainer import train

# Two lesions, one found by half, one missed, and a normal image left alone. 100 pixels each.
FOUND = {"group": "a", "original": Confusion(10, 0, 10, 80), "at_s": Confusion(10, 0, 10, 80)}
MISSED = {"group": "b", "original": Confusion(0, 0, 10, 90), "at_s": Confusion(0, 0, 10, 90)}
EMPTY = {"group": "c", "original": Confusion(0, 0, 0, 100), "at_s": Confusion(0, 0, 0, 100)}


@pytest.fixture
def table(tmp_path, monkeypatch, phantoms):
    """The table where every network scores FOUND, MISSED and EMPTY; cropped it finds all, trained on the test too."""
    perfect = [{"group": "a", "original": Confusion(20, 0, 0, 5), "at_s": Confusion(20, 0, 0, 5)}]

    def score(run_dir, samples, crop=False):
        return perfect if crop or run_dir.name == "trained-on-test" else [FOUND, MISSED, EMPTY]

    trained = []
    monkeypatch.setattr(protocols, "finish_runs", lambda configs, *rest: trained.append(configs))
    monkeypatch.setattr(protocols, "score_part", score)
    found = protocols.protocols(tiny_config(phantoms), tmp_path, "hanet protocols", say=lambda line: None)
    return {"rows": found, "folder": tmp_path, "configs": trained[0]}


def test_four_trainings_differ_in_their_split_alone(table):
    splits = {name: (config.split, config.allow_leak) for name, config in table["configs"].items()}
    assert splits == {
        "grouped": ("grouped", False),
        "random": ("random", True),
        "chosen-on-test": ("validation_on_test", True),
        "trained-on-test": ("training_on_test", True),
    }


def test_each_way_by_hand(table):
    found = {row["name"]: (row["dice"]["mean"], row["jaccard"]["mean"]) for row in table["rows"]}
    half = 20 / 30  # Dice of FOUND; its Jaccard is 1/2
    background = 160 / 170  # of FOUND: 80 right, 10 missed
    of_missed = 180 / 190
    expected = {
        "grouped split, mean over lesion images": (half / 2, 1 / 4),
        "images split at random": (half / 2, 1 / 4),
        "best epoch and threshold picked on the test part": (half / 2, 1 / 4),
        "pooled over batches of 8": (20 / 40, 10 / 30),
        "pooled over the test part": (20 / 40, 10 / 30),
        "background counted as a class": (
            ((half + background) / 2 + of_missed / 2) / 2,
            ((1 / 2 + 80 / 90) / 2 + (90 / 100) / 2) / 2,
        ),
        "with normal images, 1 where both are empty": ((half + 0 + 1) / 3, (1 / 2 + 0 + 1) / 3),
        "cropped to the lesion": (1, 1),
        "trained on the test images": (1, 1),
        "trained on the test images, cropped, pooled, background a class": (1, 1),
    }
    assert list(found) == list(expected)
    for name, scores in expected.items():
        assert found[name] == pytest.approx(scores), name


def test_batches_are_pooled_before_the_mean():
    whole = {"at_s": Confusion(1, 0, 0, 0)}
    nothing = {"at_s": Confusion(0, 0, 1, 0)}
    dice, jaccard = protocols._batch_pooled([whole] * 8 + [nothing])
    assert (dice["mean"], jaccard["mean"]) == (0.5, 0.5)  # two batches: 1 and 0, whatever their sizes


def test_report_ends_with_the_claim_and_says_what_each_way_adds(table):
    lines = protocols.format_protocols(table["rows"])
    assert lines[1][3] == ""
    assert lines[4][3] == "+16.7"  # 50.0 - 33.3
    assert lines[-1] == ("claimed by HA-Net's paper (one run)", "97.3", "94.8", "+63.9")
    assert "claimed by HA-Net's paper" in (table["folder"] / "report.md").read_text()


def test_a_crop_holds_the_lesion_and_a_fifth_of_it_around():
    image, mask = np.zeros((100, 80, 3), np.uint8), np.zeros((100, 80), np.uint8)
    mask[40:60, 5:15] = 1  # 20 rows and 10 columns: 4 and 2 pixels more on each side
    image[..., 0], image[..., 1] = np.arange(100)[:, None], np.arange(80)
    cropped, cut = protocols.crop_to_lesion(image, mask)
    assert cut.shape == cropped.shape[:2] == (28, 14)
    assert cut.sum() == 200
    assert tuple(cropped[0, 0, :2]) == (36, 3)
    mask[40:60, 0] = 1  # at the edge there is no more to take
    assert protocols.crop_to_lesion(image, mask)[1].shape == (28, 18)


def test_counts_of_a_trained_network_are_those_of_its_cases(phantoms, tmp_path):
    config = tiny_config(phantoms, model=HANetConfig(architecture="unet", base_filters=8, size=32))
    train(config, tmp_path / "run", "hanet train", say=lambda line: None)
    samples = read_samples(phantoms)[1]
    counts = protocols.score_part(tmp_path / "run", samples)
    rows = read_cases(tmp_path / "run" / "cases.csv")
    assert [entry["group"] for entry in counts] == [row["group"] for row in rows]
    for entry, row in zip(counts, rows, strict=True):
        tp, fp, fn, tn = entry["original"]
        assert (tp + fn, tp + fp, tp + fp + fn + tn) == (
            row["lesion_area_px"],
            row["predicted_area_px"],
            row["height"] * row["width"],
        )
        assert sum(entry["at_s"]) == 32 * 32
    cropped = protocols.score_part(tmp_path / "run", samples, crop=True)
    assert len(cropped) == sum(row["lesion_area_px"] > 0 for row in rows)
    assert runs._is_done(tmp_path / "run", config)
