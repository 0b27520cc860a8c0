import argparse
import dataclasses
import json

import pytest

from keras_hanet.cli.config_flags import add_config_flags, apply_config_flags
from keras_hanet.data.augmentation import Augmentation
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig, read_config, to_dict
from keras_hanet.training.presets import PRESETS, preset

# A value other than the default for every field: the words after its flag, and what they mean.
TRAINING = {
    "data": ("scans", "scans"),
    "dataset": ("busi", "busi"),
    "groups": ("groups.csv", "groups.csv"),
    "split": ("official", "official"),
    "allow_leak": (None, True),
    "fold": ("3", 3),
    "num_folds": ("7", 7),
    "extra_data": ("more others", ("more", "others")),
    "extra_ratio": ("0.5", 0.5),
    "normal_repeats": ("3", 3),
    "include_normal": (None, False),
    "split_seed": ("4", 4),
    "seed": ("11", 11),
    "initial_weights": ("runs/other", "runs/other"),
    "batch_size": ("4", 4),
    "epochs": ("2", 2),
    "learning_rate": ("3e-4", 0.0003),
    "schedule": ("cosine", "cosine"),
    "plateau_patience": ("2", 2),
    "stop_patience": ("9", 9),
    "kept_epoch": ("last", "last"),
    "weight_decay": ("0.02", 0.02),
    "bce_weight": ("0.5", 0.5),
    "jaccard_weight": ("2", 2.0),
    "jaccard_smooth": ("100", 100.0),
    "diagnosis_weight": ("0.5", 0.5),
    "precision": ("mixed_bfloat16", "mixed_bfloat16"),
}
NETWORK = {
    "encoder": ("efficientnet_lite0", "efficientnet_lite0"),
    "encoder_weights": ("none", "none"),
    "size": ("96", 96),
    "bottleneck_stride": ("16 --decoder-filters 8 8 8 8", 16),
    "position_encoding": ("sinusoidal", "sinusoidal"),
    "self_attention": ("position", "position"),
    "key_dimension": ("channels", "channels"),
    "attention_dropout": ("0.25", 0.25),
    "spatial_attention": (None, False),
    "feature_enhancement": ("channels", "channels"),
    "decoder_block": ("plain", "plain"),
    "decoder_filters": ("64 32 16 8 8", (64, 32, 16, 8, 8)),
    "logits_stride": ("2 --decoder-filters 8 8 8 8", 2),
    "num_classes": ("0", 0),  # 0 is all that training takes
    "architecture": ("unet", "unet"),
    "base_filters": ("16 --architecture unet", 16),
}
STRENGTHS = {field.name: ("0.125", 0.125) for field in dataclasses.fields(Augmentation)}


def parse(words, config=None):
    parser = argparse.ArgumentParser()
    add_config_flags(parser)
    return apply_config_flags(config or TrainConfig(), parser.parse_args(words.split()))


def words_of(flag, value):
    return f"--no-{flag}" if value is None else f"--{flag} {value}"


def help_of_flags():
    parser = argparse.ArgumentParser()
    add_config_flags(parser)
    return {action.dest: action.help for action in parser._actions}


@pytest.mark.parametrize(("kind", "values"), [(TrainConfig, TRAINING), (HANetConfig, NETWORK)])
def test_the_lists_above_are_complete(kind, values):
    assert {field.name for field in dataclasses.fields(kind)} - {"model", "augmentation"} == set(values)


@pytest.mark.parametrize("name", TRAINING)
def test_every_field_of_the_training_is_a_flag(name):
    value, expected = TRAINING[name]
    assert expected != getattr(TrainConfig(), name)
    if name == "allow_leak":  # goes with a split that leaks, and with no other
        config = parse("--allow-leak --split random")
        assert config == TrainConfig(allow_leak=True, split="random")
        return
    config = parse(words_of(name.replace("_", "-"), value))
    assert config == dataclasses.replace(TrainConfig(), **{name: expected})
    assert type(getattr(config, name)) is type(expected)


@pytest.mark.parametrize("name", NETWORK)
def test_every_field_of_the_network_is_a_flag(name):
    value, expected = NETWORK[name]
    found = getattr(parse(words_of(name.replace("_", "-"), value)).model, name)
    assert found == expected
    assert type(found) is type(expected)
    assert name == "num_classes" or expected != getattr(HANetConfig(), name)


@pytest.mark.parametrize("name", STRENGTHS)
def test_every_strength_of_the_augmentation_is_a_flag(name):
    value, expected = STRENGTHS[name]
    config = parse(words_of("augment-" + name.replace("_", "-"), value))
    assert config == TrainConfig(augmentation=dataclasses.replace(Augmentation(), **{name: expected}))
    assert config != TrainConfig()


def test_a_classification_head_has_a_flag_of_its_own():
    assert parse("--classify").model.num_classes == 3


def test_every_flag_has_the_help_of_its_docstring():
    helps = help_of_flags()
    assert len(helps) == 1 + len(TRAINING) + len(NETWORK) + len(STRENGTHS) + 1  # --help and --no-augmentation
    assert all(helps.values())
    assert helps["fold"] == "number of the test fold."
    assert helps["schedule"] == (
        '"plateau" (ReduceLROnPlateau on the validation loss, as the paper) or "cosine" '
        "(one epoch of warm-up, then cosine decay to 0)."
    )
    assert helps["augment_rotation_degrees"] == "largest rotation either way, in degrees."


@pytest.mark.parametrize("name", PRESETS)
def test_no_flag_changes_nothing(name):
    assert parse("", preset(name)) == preset(name)


def test_flags_override_a_preset_and_leave_the_rest():
    config = parse("--epochs 3 --size 64 --augment-flip 0", preset("cart"))
    cart = preset("cart")
    assert (config.epochs, config.model.size, config.augmentation.flip) == (3, 64, 0.0)
    assert config.model.encoder == "efficientnet_lite0"
    assert config.augmentation.scale == cart.augmentation.scale
    assert (config.learning_rate, config.schedule) == (cart.learning_rate, cart.schedule)


def test_augmentation_is_switched_off():
    assert parse("--no-augmentation", preset("cart")).augmentation is None
    assert parse("--no-augmentation --augment-flip 1").augmentation is None


def test_a_strength_switches_augmentation_on():
    assert preset("paper").augmentation is None
    assert parse("--augment-blur 1", preset("paper")).augmentation == Augmentation(blur=1.0)


def test_a_strength_leaves_the_other_strengths_of_the_recipe():
    config = parse("--augment-blur 1", TrainConfig(augmentation=Augmentation(flip=0.0)))
    assert config.augmentation == Augmentation(flip=0.0, blur=1.0)


def test_a_flag_switches_back_on():
    assert parse("--include-normal", preset("paper")).include_normal is True


def test_flags_override_a_file_and_a_file_says_the_same_again(tmp_path):
    path = tmp_path / "config.json"
    config = parse("--data scans --decoder-filters 64 32 16 8 8 --no-augmentation --seed 5")
    path.write_text(json.dumps(to_dict(config)))
    assert read_config(path) == config
    assert parse("--seed 6", read_config(path)) == dataclasses.replace(config, seed=6)
