"""DenseNet121 with segmentation_models' decoder, and nothing of HA-Net's."""

import keras
import numpy as np
import pytest

from keras_hanet.models.densenet121_unet import build_densenet121_unet

SKIPS = {4: 1024, 3: 512, 2: 256, 1: 64, 0: 0}


@pytest.fixture(scope="module")
def model():
    return build_densenet121_unet(64, 16)


def test_parameters_are_the_encoders_and_those_of_the_decoders_definition(model):
    # 256, 128, 64, 32, 16 filters: two 3x3 convolutions without bias, gamma and beta; a 3x3 head with a bias.
    decoder, channels = 0, 1024
    for level, filters in zip(SKIPS, (256, 128, 64, 32, 16), strict=True):
        decoder += 9 * (channels + SKIPS[level]) * filters + 9 * filters * filters + 4 * filters
        channels = filters
    head = 9 * 16 + 1
    encoder = 7_037_504 - 83_648  # DenseNet121 without its classifier and without its moving statistics
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trainable == encoder + decoder + head == 13_607_633


def test_skips_are_the_encoders_taps(model):
    taps = {4: "pool4_relu", 3: "pool3_relu", 2: "pool2_relu", 1: "conv1_relu"}
    for level, tap in taps.items():
        upsampled, skip = model.get_layer(f"decoder_{level}_concat").input
        assert upsampled._keras_history.operation.name == f"decoder_{level}_upsample"
        assert skip._keras_history.operation.name == tap
        assert skip.shape[-1] == SKIPS[level]
        assert model.get_layer(f"decoder_{level}_upsample").interpolation == "nearest"
    assert not [layer.name for layer in model.layers if layer.name == "decoder_0_concat"]


def test_has_only_kerass_own_layers(model):
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Multiply)], "nothing is gated"
