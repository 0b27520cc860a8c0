"""The network's switches refuse what cannot be built."""

import dataclasses
import subprocess
import sys

import pytest

from keras_hanet.errors import InputError
from keras_hanet.models.config import HANetConfig


def test_defaults_are_the_papers_network():
    config = HANetConfig()
    assert (config.encoder, config.size, config.self_attention) == ("densenet121", 256, "channel")
    assert config.spatial_attention
    assert config.num_classes == 0
    assert (config.architecture, config.base_filters) == ("ha_net", 0)


@pytest.mark.parametrize(
    "name",
    [
        *("encoder", "bottleneck_stride", "position_encoding", "self_attention", "key_dimension"),
        *("feature_enhancement", "decoder_block", "architecture"),
    ],
)
def test_unknown_choice_raises(name):
    with pytest.raises(InputError, match=f"^{name} must be one of .*, got 'other'$"):
        HANetConfig(**{name: "other"})


@pytest.mark.parametrize("size", [0, -32, 16, 48, 255])
def test_size_that_cannot_be_halved_five_times_raises(size):
    with pytest.raises(InputError, match=f"size must be a positive multiple of 32 up to 4096, got {size}"):
        HANetConfig(size=size)


@pytest.mark.parametrize(("stride", "filters"), [(32, (8, 8, 8, 8)), (16, (8, 8, 8, 8, 8)), (32, ())])
def test_one_number_of_filters_for_each_stage(stride, filters):
    with pytest.raises(InputError, match=f"decoder_filters must have {stride.bit_length() - 1} numbers"):
        HANetConfig(bottleneck_stride=stride, decoder_filters=filters)
    HANetConfig(bottleneck_stride=stride, decoder_filters=(8,) * (stride.bit_length() - 1))


@pytest.mark.parametrize("filters", [-8, 4, 12])
def test_width_of_a_peer_is_a_multiple_of_eight(filters):
    with pytest.raises(InputError, match=f"^base_filters must be 0 or a positive .* of 8 up to 4096, got {filters}"):
        HANetConfig(architecture="unet", base_filters=filters)
    HANetConfig(architecture="unet", base_filters=8)


def test_what_an_architecture_does_not_have_raises():
    with pytest.raises(InputError, match="for ha_net give decoder_filters"):
        HANetConfig(base_filters=16)
    with pytest.raises(InputError, match="num_classes must be 0 for segresnet"):
        HANetConfig(architecture="segresnet", num_classes=3)


def test_list_of_filters_as_json_gives_it_is_the_same_configuration():
    config = HANetConfig(decoder_filters=[16, 16, 8, 8, 4])
    assert config == HANetConfig(decoder_filters=(16, 16, 8, 8, 4))
    assert hash(config) == hash(HANetConfig(decoder_filters=(16, 16, 8, 8, 4)))


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        HANetConfig().size = 64


def test_needs_no_keras():
    code = "import sys, keras_hanet.models.config as c; c.HANetConfig(); assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 4096 + 32}, "size must be a positive multiple of 32 up to 4096"),
        ({"attention_dropout": 1.0}, "attention_dropout must be at least 0 and below 1"),
        ({"attention_dropout": -0.1}, "attention_dropout must be at least 0 and below 1"),
        ({"decoder_filters": (256, 128, 64, 32, 0)}, "decoder_filters must be numbers from 1 to 4096"),
        ({"decoder_filters": (10**9, 128, 64, 32, 16)}, "decoder_filters must be numbers from 1 to 4096"),
        ({"architecture": "unet", "base_filters": 8000}, "base_filters must be 0 or a positive multiple of 8"),
    ],
)
def test_sizes_that_ask_for_all_of_the_memory_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        HANetConfig(**values)
