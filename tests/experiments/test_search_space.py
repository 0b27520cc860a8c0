"""The space of a search: what it is read from, what is drawn, what is refused."""

import json

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from keras_hanet.errors import InputError
from keras_hanet.experiments.search_space import DEFAULT_SPACE, configure, make_distributions, read_space
from keras_hanet.training.config import TrainConfig
from keras_hanet.training.presets import PRESETS, preset


def test_ranges_and_choices_become_distributions_named_as_the_fields():
    space = {
        "learning_rate": {"low": 1e-4, "high": 3e-3, "log": True},
        "batch_size": {"low": 2, "high": 8},
        "augmentation": {"rotation_degrees": {"low": 0, "high": 30}},
        "model": {"position_encoding": ["learned", "none"]},
    }
    assert make_distributions(space, TrainConfig()) == {
        "learning_rate": FloatDistribution(1e-4, 3e-3, log=True),
        "batch_size": IntDistribution(2, 8),
        "augmentation.rotation_degrees": FloatDistribution(0, 30),
        "model.position_encoding": CategoricalDistribution(("learned", "none")),
    }


def test_the_values_of_a_trial_are_put_where_they_belong_and_the_rest_stays():
    config = preset("cart")
    changed = configure(config, {"learning_rate": 2e-3, "augmentation.flip": 0.25, "model.attention_dropout": 0.3})
    assert (changed.learning_rate, changed.augmentation.flip, changed.model.attention_dropout) == (2e-3, 0.25, 0.3)
    assert (changed.weight_decay, changed.augmentation.blur) == (config.weight_decay, config.augmentation.blur)
    assert changed.model.size == 224


def test_a_choice_may_be_a_list_or_several_fields_that_change_together():
    space = {
        "model": [
            {"bottleneck_stride": 16, "decoder_filters": [64, 32, 16, 8]},
            {"bottleneck_stride": 32, "decoder_filters": [64, 32, 16, 8, 8]},
        ],
        "augmentation": [None, {"flip": 0.0}],
    }
    config = TrainConfig()
    choices = {name: entry.choices for name, entry in make_distributions(space, config).items()}
    changed = configure(config, {"model": choices["model"][0], "augmentation": choices["augmentation"][0]})
    assert (changed.model.bottleneck_stride, changed.model.decoder_filters) == (16, (64, 32, 16, 8))
    assert changed.augmentation is None
    assert configure(config, {"augmentation": choices["augmentation"][1]}).augmentation.flip == 0.0


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_default_space_fits_every_preset(name):
    assert len(make_distributions(DEFAULT_SPACE, preset(name))) == 6


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ({"learning_rat": [1e-3]}, "the space holds learning_rat, which the configuration has not; known are: data, "),
        ({"augmentation": {"spin": [1.0]}}, "holds augmentation.spin, .* known are: flip, "),
        ({"fold": [0, 1]}, "must not hold fold: it decides which images the score is of"),
        ({"seed": [0, 1]}, "must not hold seed: the better of two seeds is luck"),
        ({"learning_rate": [0.0, 1e-3]}, "learning_rate must be greater than 0, got 0.0"),
        ({"batch_size": ["many"]}, "batch_size has a wrong type: 'many'"),
        ({"batch_size": {"low": 1.5, "high": 4}}, "batch_size must be .* that are whole numbers"),
        ({"learning_rate": {"low": 1e-3}}, "learning_rate must be .* or a list of choices"),
        ({"learning_rate": {"low": 1e-3, "high": 1e-2, "step": 1e-3}}, "learning_rate must be .* or a list of choices"),
        ({"learning_rate": {"low": 1e-2, "high": 1e-3}}, "learning_rate must have low below high"),
        ({"weight_decay": {"low": 0, "high": 0.1, "log": True}}, "weight_decay must have low above 0 and below high"),
        ({"schedule": {"low": 0, "high": 1}}, "schedule must be a list of choices"),
        ({"include_normal": []}, "include_normal"),
        ({"learning_rate": 1e-3}, "learning_rate must be .* a list of choices, got 0.001"),
        ({"jaccard_weight": {"low": True, "high": 2}}, "jaccard_weight must be"),
    ],
)
def test_a_space_that_does_not_fit_is_refused_in_a_sentence(space, sentence):
    with pytest.raises(InputError, match=sentence):
        make_distributions(space, TrainConfig())


def test_a_space_is_read_from_json_and_other_files_are_refused(tmp_path):
    path = tmp_path / "space.json"
    path.write_text(json.dumps(DEFAULT_SPACE))
    assert read_space(path) == DEFAULT_SPACE
    path.write_text("[1]")
    with pytest.raises(InputError, match="expected a JSON object with at least one field"):
        read_space(path)
    path.write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        read_space(path)
    with pytest.raises(InputError, match="no such file; give the space of the search"):
        read_space(tmp_path / "nowhere.json")
