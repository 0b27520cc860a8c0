"""What a variant changes, and the table against the full one."""

from dataclasses import asdict, replace

import pytest
import stand_in_training
from stand_in_training import read_json

from keras_hanet.errors import InputError
from keras_hanet.experiments import runs
from keras_hanet.experiments.ablate import VARIANTS, ablate, describe_parts, vary
from keras_hanet.training.config import TrainConfig

CONFIG = TrainConfig(epochs=1, seed=5)


def changed(name):
    """{field: value} in which a variant differs from the full one; fields of the network by their own name."""
    full, variant = asdict(CONFIG), asdict(vary(CONFIG, name))
    model, full_model = variant.pop("model"), full.pop("model")
    values = {**variant, **model}
    return {key: values[key] for key, value in {**full, **full_model}.items() if values[key] != value}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("full", {}),
        ("full-other-seed", {"seed": 6}),
        ("no-tam", {"self_attention": "none", "spatial_attention": False}),
        ("no-tsa", {"self_attention": "none"}),
        ("no-gsa", {"spatial_attention": False}),
        ("no-pe", {"position_encoding": "none"}),
        ("no-sfeb", {"feature_enhancement": "none"}),
        ("sfeb-channels", {"feature_enhancement": "channels"}),
        ("tsa-position", {"self_attention": "position"}),
        ("dk-channels", {"key_dimension": "channels"}),
        ("bce-only", {"jaccard_weight": 0.0}),
        ("jaccard-only", {"bce_weight": 0.0}),
        ("no-augmentation", {"augmentation": None}),
        ("random-encoder", {"encoder_weights": "none"}),
        ("classification-head", {"num_classes": 3}),
    ],
)
def test_a_variant_changes_what_its_name_says_and_nothing_else(name, expected):
    assert changed(name) == expected
    assert vary(CONFIG, name).split_seed == CONFIG.split_seed


def test_the_list_above_is_complete():
    assert len(VARIANTS) == 15


def test_variants_are_compared_with_the_full_one(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)
    comparison = ablate(CONFIG, tmp_path, "hanet ablate", ["no-sfeb", "no-tam"], say=lambda line: None)
    assert [entry["name"] for entry in comparison] == ["full", "no-sfeb", "no-tam"]
    assert all(entry["hd95_px"]["mean"] == 0 for entry in comparison)
    assert comparison[1]["dice"]["difference"] == {"mean": 0.0, "ci95": [0.0, 0.0]}
    assert read_json(tmp_path / "ablate.json")["comparison"] == comparison
    assert read_json(tmp_path / "no-sfeb" / "config.json")["model"]["feature_enhancement"] == "none"
    report = (tmp_path / "report.md").read_text()
    assert "SFEB: 0.0 [0.0, 0.0] points of Dice" in report.replace("+", "")
    assert all(heading in report for heading in ("## Dice", "## HD95", "## NSD", "## false alarms"))
    with pytest.raises(InputError, match=r"variants must be among full, .* got 'no-loss'"):
        ablate(CONFIG, tmp_path, "hanet ablate", ["no-loss"])


def test_what_a_part_gives_is_the_full_network_minus_the_one_without_it():
    def entry(name, mean, low, high):
        return {"name": name, "dice": {"difference": {"mean": mean, "ci95": [low, high]}}}

    comparison = [
        {"name": "full", "dice": {}},
        entry("full-other-seed", -0.009, -0.03, 0.01),
        entry("no-sfeb", -0.02, -0.03, -0.01),
        entry("no-tam", 0.004, -0.01, 0.02),
        entry("bce-only", -0.1, -0.2, -0.05),
    ]
    assert describe_parts(comparison) == [
        "TAM: -0.4 [-2.0, 1.0] points of Dice; its interval holds 0: nothing is shown.",
        "SFEB: +2.0 [1.0, 3.0] points of Dice; its interval leaves 0 out.",
        "Another seed alone moves it by -0.9 [-3.0, 1.0] points; a part that gives no more has shown nothing.",
    ]
    assert describe_parts(comparison[:2]) == []


def test_another_recipe_in_the_same_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_train", stand_in_training.train)
    ablate(CONFIG, tmp_path, "hanet ablate", ["no-tam"], say=lambda line: None)
    with pytest.raises(InputError, match="holds a run of another configuration"):
        ablate(replace(CONFIG, epochs=2), tmp_path, "hanet ablate", ["no-tam"], say=lambda line: None)
