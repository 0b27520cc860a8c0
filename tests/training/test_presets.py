"""The recipes are what their docstrings say."""

import pytest

from keras_hanet.errors import InputError
from keras_hanet.training.config import from_dict, to_dict
from keras_hanet.training.presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_a_whole_configuration_with_its_command(name):
    config = preset(name)
    assert from_dict(to_dict(config)) == config
    assert config.data is None
    assert f"hanet train --data BUSI --preset {name}" in PRESETS[name].__doc__ or name == "quick"
    assert f"--preset {name}" in PRESETS[name].__doc__


def test_paper():
    config = preset("paper")
    assert config.model.encoder == "densenet121"
    assert config.model.size == 256
    assert config.schedule == "plateau"
    assert config.augmentation is None
    assert not config.include_normal
    assert config.weight_decay == 0  # Adam
    assert config.bce_weight == config.jaccard_weight == 1


@pytest.mark.parametrize("name", ["standard", "cart", "quick"])
def test_the_others_see_normal_images_and_augment(name):
    assert preset(name).include_normal
    assert preset(name).augmentation is not None


def test_cart_and_quick_take_the_encoder_whose_weights_are_packaged():
    assert preset("cart").model.encoder == preset("quick").model.encoder == "efficientnet_lite0"


def test_unknown_preset_raises():
    with pytest.raises(InputError, match="preset must be one of paper, standard, cart, quick, got 'fast'"):
        preset("fast")
