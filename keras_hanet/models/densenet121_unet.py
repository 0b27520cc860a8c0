"""A plain U-Net decoder on DenseNet121: what HA-Net's encoder does without HA-Net's attention."""

import keras

from keras_hanet.models.encoders import apply_densenet121
from keras_hanet.models.unet import apply_convolutions


def build_densenet121_unet(size, filters):
    """DenseNet121 with the decoder of segmentation_models' Unet (github.com/qubvel/segmentation_models).

    Each of five stages: nearest-neighbour x2, concatenate the skip (none at the finest), two 3x3 convolutions with
    batch normalisation and ReLU; then a 3x3 convolution to logits. No attention anywhere.

    Args:
        size: S, the side of the input in pixels, a multiple of 32.
        filters: channels of the finest stage, doubled at each coarser one; 16 in segmentation_models.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: logits (B, S, S, 1) float32.
    """
    image = keras.Input((size, size, 3), name="image")
    pyramid = apply_densenet121(image)
    x = pyramid["P5"]
    for level in (4, 3, 2, 1, 0):
        x = keras.layers.UpSampling2D(name=f"decoder_{level}_upsample")(x)
        if level:
            x = keras.layers.Concatenate(name=f"decoder_{level}_concat")([x, pyramid[f"P{level}"]])
        x = apply_convolutions(x, filters * 2**level, f"decoder_{level}")
    logits = keras.layers.Conv2D(1, 3, padding="same", dtype="float32", name="segmentation")(x)
    return keras.Model(image, logits, name="densenet121_unet")
