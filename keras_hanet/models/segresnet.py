"""SegResNet: residual blocks with group normalisation."""

import keras

BLOCKS_DOWN = (1, 2, 2, 4)
BLOCKS_UP = (1, 1, 1)
_GROUPS = 8
_EPSILON = 1e-5


def build_segresnet(size, filters):
    """SegResNet (Myronenko 2018, arXiv 1810.11654) in 2-D without its autoencoder branch, as MONAI's defaults.

    As MONAI's class of that name: no bias but the head's, eight groups, one 1x1 convolution and bilinear upsampling
    before each addition of a skip, no dropout. "same" padding of the convolutions of stride 2 adds its row and
    column at the end in Keras; in MONAI they lie on both sides.

    Args:
        size: S, the side of the input in pixels, a multiple of 8.
        filters: channels of the finest level, a multiple of 8, doubled at each coarser one; 8 in MONAI.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: logits (B, S, S, 1) float32.
    """
    image = keras.Input((size, size, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="normalisation")(image)
    x = _convolve(x, filters, "stem_conv")
    skips = []
    for level, num_blocks in enumerate(BLOCKS_DOWN):
        if level:
            x = _convolve(x, filters * 2**level, f"encoder_{level}_down", strides=2)
        x = _apply_blocks(x, num_blocks, f"encoder_{level}")
        skips.append(x)
    for level, num_blocks in zip(reversed(range(len(BLOCKS_UP))), BLOCKS_UP, strict=True):
        x = _convolve(x, filters * 2**level, f"decoder_{level}_conv", kernel_size=1)
        x = keras.layers.UpSampling2D(interpolation="bilinear", name=f"decoder_{level}_upsample")(x)
        x = keras.layers.Add(name=f"decoder_{level}_skip")([x, skips[level]])
        x = _apply_blocks(x, num_blocks, f"decoder_{level}")
    x = _normalise(x, "head")
    logits = keras.layers.Conv2D(1, 1, dtype="float32", name="segmentation")(x)
    return keras.Model(image, logits, name="segresnet")


def _apply_blocks(x, num_blocks, name):
    """Residual blocks of two convolutions, each after its normalisation. (B, H, W, C) -> the same."""
    for block in range(num_blocks):
        branch = x
        for part in "ab":
            branch = _normalise(branch, f"{name}_block{block}{part}")
            branch = _convolve(branch, x.shape[-1], f"{name}_block{block}{part}_conv")
        x = keras.layers.Add(name=f"{name}_block{block}_add")([x, branch])
    return x


def _normalise(x, name):
    x = keras.layers.GroupNormalization(_GROUPS, epsilon=_EPSILON, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _convolve(x, filters, name, kernel_size=3, strides=1):
    return keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
