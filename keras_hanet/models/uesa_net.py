"""A reading of UESA-Net, the ultrasound network that HA-Net's paper names as compared.

UESA-Net (Shi and Lio 2025, arXiv 2509.22763) has no public code, and its abstract is all that this reading rests on.

What the abstract states: a U-shaped network; in each encoding block attention along the horizontal, the vertical and
the depth direction, and a shrinkage (threshold) strategy; a decoder that mirrors the encoder but shrinks pairwise,
with the corresponding encoder features.

What we chose: the levels, widths and convolutions of our U-Net; attention as gates from strips (the feature map
averaged across the direction, a convolution of 7 along it, a sigmoid) and the mean of the three gates; depth as the
channels; thresholds learned for each channel, added to the block's own features; pairwise as one shrinkage of the
upsampled features and the skip, in which each threshold sees both. Scores of this network are not UESA-Net's.
"""

import keras

from keras_hanet.layers import SoftShrinkage
from keras_hanet.models.unet import apply_convolutions, apply_up_convolution, assemble

_STRIP_KERNEL = 7


def build_uesa_net(size, filters):
    """Our reading of UESA-Net; the module says what is the paper's.

    Args:
        size: S, the side of the input in pixels, a multiple of 16.
        filters: channels of the finest level, doubled at each coarser one. The abstract does not say; we use 64.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: logits (B, S, S, 1) float32.
    """
    return assemble(size, filters, apply_encoder_stage, apply_decoder_stage, "uesa_net")


def apply_encoder_stage(x, filters, name):
    """Two convolutions, and their attended features shrunk and added. (B, H, W, C) -> (B, H, W, filters)."""
    x = apply_convolutions(x, filters, name)
    attended = apply_directional_attention(x, f"{name}_attention")
    return keras.layers.Add(name=f"{name}_add")([x, SoftShrinkage(name=f"{name}_shrinkage")(attended)])


def apply_decoder_stage(x, skip, filters, name):
    """Features and skip shrunk as a pair, convolved, attended. (B, H, W, C), (B, 2H, 2W, D) -> (B, 2H, 2W, filters)."""
    pair = apply_up_convolution(x, skip, filters, name)
    x = apply_convolutions(SoftShrinkage(name=f"{name}_shrinkage")(pair), filters, name)
    return apply_directional_attention(x, f"{name}_attention")


def apply_directional_attention(x, name):
    """Times the mean of a gate for each column, one for each row and one for each channel. (B, H, W, C) -> the same."""
    _, height, width, channels = x.shape
    gates = []
    for direction, pool, kernel in (
        ("horizontal", (height, 1), (1, _STRIP_KERNEL)),
        ("vertical", (1, width), (_STRIP_KERNEL, 1)),
    ):
        strip = keras.layers.AveragePooling2D(pool, name=f"{name}_{direction}_pool")(x)
        gate = keras.layers.DepthwiseConv2D(kernel, padding="same", activation="sigmoid", name=f"{name}_{direction}")
        gates.append(gate(strip))
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_depth_pool")(x)
    gates.append(keras.layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_depth")(pooled))
    gate = keras.layers.Average(name=f"{name}_mean")(gates)
    return keras.layers.Multiply(name=f"{name}_product")([x, gate])
