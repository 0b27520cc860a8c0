"""EfficientNet-Lite0, an encoder built for integer arithmetic, and its ImageNet weights."""

from pathlib import Path

import keras
import numpy as np

WEIGHTS_PATH = Path(__file__).parent.parent / "assets" / "efficientnet_lite0.npz"

# Stage: kernel size, expansion, filters, blocks, stride of the first block. Stage n is `block{n}_*`.
_STAGES = (
    (3, 1, 16, 1, 1),
    (3, 6, 24, 2, 2),
    (5, 6, 40, 2, 2),
    (3, 6, 80, 3, 2),
    (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2),
    (3, 6, 320, 1, 1),
)
# The last stage before the picture shrinks again is the richest of its size.
_FEATURE_OF_STAGE = {1: "P1", 2: "P2", 3: "P3", 5: "P4", 7: "P5"}
_ENCODER_PREFIXES = ("stem_", "block")
_HEAD_LAYERS = ("head_conv", "head_norm", "classifier")

# Keras' 0.99 needs hundreds of steps to follow the change from photographs to ultrasound; a short
# training on a small data set has few, so the statistics used at prediction would still be old ones.
_NORM_MOMENTUM = 0.9
_NORM_EPSILON = 1e-3


def apply_efficientnet_lite0(image):
    """Apply the encoder to an image.

    The network of https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite:
    EfficientNet-B0 without squeeze-and-excite, ReLU6 instead of swish, so that every value has a
    range an 8-bit integer can hold. Normalisation, (image - 127) / 128, is part of the graph.

    Args:
        image: Keras tensor (B, H, W, 3), float32, 0..255, RGB; H and W multiples of 32.

    Returns:
        dict of Keras tensors: "P1" (B, H/2, W/2, 16), "P2" (B, H/4, W/4, 24),
        "P3" (B, H/8, W/8, 40), "P4" (B, H/16, W/16, 112), "P5" (B, H/32, W/32, 320).
    """
    features = {}
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="normalisation")(image)
    x = keras.layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = _norm(x, "stem_norm")
    x = _relu6(x, "stem_relu6")
    for stage, (kernel_size, expansion, filters, num_blocks, stride) in enumerate(_STAGES, start=1):
        for block in range(1, num_blocks + 1):
            name = f"block{stage}_{block}"
            x = _apply_block(x, kernel_size, expansion, filters, stride if block == 1 else 1, name)
        if stage in _FEATURE_OF_STAGE:
            features[_FEATURE_OF_STAGE[stage]] = x
    return features


def build_classifier():
    """Build the ImageNet classifier the weights come from; it serves to prove them.

    Returns:
        keras.Model, (B, 224, 224, 3) float32 0..255 RGB -> (B, 1000) logits, random weights.
    """
    image = keras.Input((224, 224, 3), name="image")
    x = apply_efficientnet_lite0(image)["P5"]
    x = keras.layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x)
    x = _norm(x, "head_norm")
    x = _relu6(x, "head_relu6")
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    logits = keras.layers.Dense(1000, name="classifier")(x)
    return keras.Model(image, logits, name="efficientnet_lite0")


def load_imagenet_weights(model, with_head=False):
    """Set the variables of the encoder inside `model`, by layer name, to the packaged ImageNet weights.

    Args:
        model: built keras.Model whose graph went through `apply_efficientnet_lite0`; stages that it was
            built without are left out.
        with_head: also set the classifier's head, for a model made by `build_classifier`.

    Raises:
        ValueError: if `model` has no such encoder, or one of its encoder's variables has no packaged value or
            another shape.
    """
    names = {layer.name for layer in model.layers}
    for required in ("stem_conv", *(_HEAD_LAYERS if with_head else ())):
        if required not in names:
            raise ValueError(
                f"Expected a model that holds the layer '{required}' of EfficientNet-Lite0; build it "
                f"with `apply_efficientnet_lite0`. Received: model={model.name!r}"
            )
    prefixes = (*_ENCODER_PREFIXES, *(_HEAD_LAYERS if with_head else ()))
    with np.load(WEIGHTS_PATH) as weights:
        for layer in model.layers:
            for variable in layer.variables if layer.name.startswith(prefixes) else ():
                key = f"{layer.name}/{variable.name}"
                if key not in weights:
                    raise ValueError(f"{WEIGHTS_PATH.name} holds no value for a variable. Received: variable={key!r}")
                variable.assign(weights[key].astype("float32"))


def _apply_block(x, kernel_size, expansion, filters, stride, name):
    """Inverted residual: widen, filter each channel by itself, narrow; add the input where it fits."""
    block_input = x
    channels = x.shape[-1]
    if expansion != 1:
        x = keras.layers.Conv2D(channels * expansion, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _norm(x, f"{name}_expand_norm")
        x = _relu6(x, f"{name}_expand_relu6")
    x = keras.layers.DepthwiseConv2D(
        kernel_size, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _norm(x, f"{name}_depthwise_norm")
    x = _relu6(x, f"{name}_depthwise_relu6")
    x = keras.layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(x)
    x = _norm(x, f"{name}_project_norm")
    if stride == 1 and channels == filters:
        x = keras.layers.Add(name=f"{name}_add")([block_input, x])
    return x


def _norm(x, name):
    return keras.layers.BatchNormalization(momentum=_NORM_MOMENTUM, epsilon=_NORM_EPSILON, name=name)(x)


def _relu6(x, name):
    return keras.layers.ReLU(max_value=6.0, name=name)(x)
