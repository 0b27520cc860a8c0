"""HA-Net as a Keras functional model: the graph and nothing else."""

import keras

from keras_hanet.layers import (
    GlobalSpatialAttention,
    PositionEncoding,
    ResidualScale,
    SpatialFeatureEnhancement,
    TransformerSelfAttention,
)
from keras_hanet.models.encoders import ENCODERS

_BATCH_NORM_MOMENTUM = 0.9  # Keras' 0.99 needs more steps than a short training has.


# === Layers ===


def apply_attention_bottleneck(x, config):
    """TAM: Y = X + lambda_1 TSA(X + P) + lambda_2 GSA(X). (B, H, W, C) -> the same."""
    branches = [x]
    if config.self_attention != "none":
        encoded = x
        if config.position_encoding != "none":
            encoded = PositionEncoding(config.position_encoding, name="position_encoding")(x)
        attended = TransformerSelfAttention(
            axis=config.self_attention,
            key_dimension=config.key_dimension,
            dropout=config.attention_dropout,
            name="transformer_self_attention",
        )(encoded)
        branches.append(ResidualScale(name="lambda_1")(attended))
    if config.spatial_attention:
        attended = GlobalSpatialAttention(name="global_spatial_attention")(x)
        branches.append(ResidualScale(name="lambda_2")(attended))
    return keras.layers.Add(name="attention_sum")(branches) if len(branches) > 1 else x


def apply_decoder_stage(x, skip, filters, config, name):
    """Bilinear x2, concatenate the refined skip, one light 3x3 block. (B, H, W, C) -> (B, 2H, 2W, filters)."""
    x = keras.layers.UpSampling2D(interpolation="bilinear", name=f"{name}_upsample")(x)
    if skip is not None:
        if config.feature_enhancement != "none":
            skip = SpatialFeatureEnhancement(config.feature_enhancement, name=f"{name}_enhancement")(skip)
        x = keras.layers.Concatenate(name=f"{name}_concat")([x, skip])
    convolution = {"separable": keras.layers.SeparableConv2D, "plain": keras.layers.Conv2D}[config.decoder_block]
    x = convolution(filters, 3, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


# === Graph ===


def build_ha_net(config):
    """Build the network of arXiv 2506.16592 with random weights.

    Encoder -> TAM at the bottleneck -> decoder stages with SFEB on the skips -> 1x1 convolution.

    Args:
        config: `HANetConfig`; with its defaults the paper's network.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: segmentation logits
        (B, S, S, 1) float32; with `num_classes` a dict {"segmentation": those, "diagnosis":
        (B, num_classes) float32 logits}.
    """
    image = keras.Input((config.size, config.size, 3), name="image")
    levels = range(1, config.bottleneck_stride.bit_length())
    pyramid = ENCODERS[config.encoder](image)
    *skips, bottleneck = (pyramid[f"P{level}"] for level in levels)

    bottleneck = apply_attention_bottleneck(bottleneck, config)
    x = bottleneck
    stages = list(zip([*reversed(skips), None], reversed(levels), strict=True))[: len(config.decoder_filters)]
    for (skip, level), filters in zip(stages, config.decoder_filters, strict=True):
        x = apply_decoder_stage(x, skip, filters, config, name=f"decoder_{level - 1}")
    logits = keras.layers.Conv2D(1, 1, dtype="float32", name="segmentation")(x)
    if config.logits_stride > 1:
        logits = keras.layers.UpSampling2D(
            config.logits_stride, interpolation="bilinear", dtype="float32", name="segmentation_upsample"
        )(logits)
    if not config.num_classes:
        return keras.Model(image, logits, name="ha_net")

    pooled = keras.layers.GlobalAveragePooling2D(name="diagnosis_pool")(bottleneck)
    diagnosis = keras.layers.Dense(config.num_classes, dtype="float32", name="diagnosis")(pooled)
    return keras.Model(image, {"segmentation": logits, "diagnosis": diagnosis}, name="ha_net")
