"""A configuration goes to JSON and back, and anything it does not know is refused."""

import json
import subprocess
import sys

import pytest

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.errors import InputError
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig, from_dict, read_config, to_dict

OTHER = TrainConfig(
    data="somewhere",
    fold=3,
    model=HANetConfig(encoder="efficientnet_lite0", size=64, decoder_filters=(8, 8, 8, 8, 8)),
    augmentation=Augmentation(flip=0.0, rotation_degrees=30.0),
    schedule="cosine",
    learning_rate=2e-4,
)


@pytest.mark.parametrize("config", [TrainConfig(), OTHER, TrainConfig(augmentation=None)])
def test_json_and_back(config):
    assert from_dict(json.loads(json.dumps(to_dict(config)))) == config


def test_what_is_not_given_is_the_default():
    assert from_dict({}) == TrainConfig()
    assert from_dict({"model": {"size": 128}}).model == HANetConfig(size=128)
    assert from_dict({"augmentation": {"flip": 0.1}}).augmentation == Augmentation(flip=0.1)


def test_reading_leaves_the_dictionary_alone():
    values = to_dict(OTHER)
    from_dict(values)
    assert values == to_dict(OTHER)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"epoch": 3}, "epoch"),
        ({"model": {"depth": 3}}, "model.depth"),
        ({"augmentation": {"vertical": 1}}, "augmentation.vertical"),
    ],
)
def test_unknown_key_raises(values, key):
    with pytest.raises(InputError, match=f"there is no configuration key {key}; known are: "):
        from_dict(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": "ten"}, "wrong type"),
        ({"model": {"size": "64"}}, "model.size has a wrong type: '64'"),
        ({"model": {"decoder_filters": [8, 8, 8, 8, "8"]}}, "model.decoder_filters has a wrong type"),
        ({"include_normal": "no"}, "include_normal has a wrong type: 'no'"),
        ({"data": 5}, "data has a wrong type: 5"),
        ({"epochs": True}, "epochs has a wrong type: True"),
        ({"model": None}, "the configuration's model must be a JSON object, got None"),
        ({"augmentation": 3}, "the configuration's augmentation must be a JSON object, got 3"),
        ({"augmentation": {"flip": 2}}, "flip must be between 0 and 1"),
    ],
)
def test_value_of_a_wrong_kind_raises(values, message):
    with pytest.raises(InputError, match=message):
        from_dict(values)


@pytest.mark.parametrize("name", ["split", "schedule", "precision"])
def test_unknown_choice_raises(name):
    with pytest.raises(InputError, match=f"^{name} must be one of .*, got 'other'"):
        TrainConfig(**{name: "other"})


@pytest.mark.parametrize("name", ["batch_size", "epochs", "learning_rate", "plateau_patience", "stop_patience"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_number_that_must_be_positive(name, value):
    with pytest.raises(InputError, match=f"{name} must be greater than 0, got {value}"):
        TrainConfig(**{name: value})


@pytest.mark.parametrize("name", ["weight_decay", "bce_weight", "jaccard_weight"])
@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf")])
def test_number_that_must_not_be_negative(name, value):
    with pytest.raises(InputError, match=f"{name} must be 0 or greater, got {value}"):
        TrainConfig(**{name: value})


def test_loss_needs_one_of_its_terms():
    with pytest.raises(InputError, match="one of bce_weight and jaccard_weight must be above 0"):
        TrainConfig(bce_weight=0, jaccard_weight=0)
    TrainConfig(bce_weight=0, jaccard_weight=1)


def test_a_head_has_a_class_for_each_diagnosis():
    TrainConfig(model=HANetConfig(num_classes=3))
    with pytest.raises(InputError, match=r"num_classes must be 0 or 3 \(normal, benign, malignant\), got 2"):
        TrainConfig(model=HANetConfig(num_classes=2))


@pytest.mark.parametrize("split", ["random", "validation_on_test", "training_on_test"])
def test_a_split_that_leaks_must_be_asked_for_twice(split):
    assert TrainConfig(split=split, allow_leak=True).split == split
    with pytest.raises(InputError, match=r"allow_leak belongs to the splits .* without it"):
        TrainConfig(split=split)
    with pytest.raises(InputError, match=r"allow_leak belongs to the splits .* with it"):
        TrainConfig(allow_leak=True)


def test_file(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(to_dict(OTHER)))
    assert read_config(path) == OTHER


def test_config_that_a_run_left_can_be_given_again(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"format": 1, **to_dict(OTHER)}))
    assert read_config(path) == OTHER


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such configuration file; check the path"),
        ("{", "expected JSON, the file is damaged"),
        ("[1]", "expected a JSON object, got a list"),
    ],
)
def test_file_that_cannot_be_read_raises(text, message, tmp_path):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=f"config.json: {message}"):
        read_config(path)


def test_needs_no_keras():
    code = "import sys, keras_hanet.training.presets as p; p.preset('cart'); assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["fold", "seed", "split_seed"])
@pytest.mark.parametrize("value", [-1, 2**32])
def test_seeds_and_folds_that_no_generator_takes_are_refused(name, value):
    with pytest.raises(InputError, match=rf"{name} must be at least 0 and below 2\^32, got {value}"):
        TrainConfig(**{name: value})
