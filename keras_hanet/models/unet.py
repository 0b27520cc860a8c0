"""U-Net and Attention U-Net, and the U that other networks put their blocks into."""

import keras

NUM_LEVELS = 4  # above the bottleneck
_BATCH_NORM_MOMENTUM = 0.9  # Keras' 0.99 needs more steps than a short training has.


# === Layers ===


def apply_convolutions(x, filters, name):
    """Twice a 3x3 convolution, batch normalisation and ReLU. (B, H, W, C) -> (B, H, W, filters)."""
    for part in "ab":
        x = keras.layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}{part}_conv"
        )(x)
        x = keras.layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM, name=f"{name}{part}_norm")(x)
        x = keras.layers.ReLU(name=f"{name}{part}_relu")(x)
    return x


def apply_up_convolution(x, skip, filters, name):
    """2x2 transposed convolution, joined to a skip. (B, H, W, C), (B, 2H, 2W, D) -> (B, 2H, 2W, D + filters)."""
    x = keras.layers.Conv2DTranspose(filters, 2, strides=2, kernel_initializer="he_normal", name=f"{name}_up")(x)
    return keras.layers.Concatenate(name=f"{name}_concat")([skip, x])


def apply_attention_gate(skip, gate, name):
    """Additive attention: keep of a skip what the coarser level finds relevant (equations 1 and 2 of the paper).

    1. theta = 2x2 convolution of the skip with stride 2, no bias; phi = 1x1 convolution of the gate.
    2. alpha = sigmoid(1x1 convolution to one channel of relu(theta + phi)), (B, H, W, 1).
    3. Output = the skip times alpha, brought to the skip's size bilinearly.

    The paper does not say how many channels theta and phi have; we use half the skip's, the default of its authors'
    code, from which the 2x2 kernel is too.

    Args:
        skip: (B, 2H, 2W, C) Keras tensor.
        gate: (B, H, W, D) Keras tensor, one level below.
        name: start of the layers' names.

    Returns:
        (B, 2H, 2W, C) Keras tensor.
    """
    channels = skip.shape[-1] // 2
    theta = keras.layers.Conv2D(channels, 2, strides=2, use_bias=False, name=f"{name}_theta")(skip)
    phi = keras.layers.Conv2D(channels, 1, name=f"{name}_phi")(gate)
    x = keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_sum")([theta, phi]))
    alpha = keras.layers.Conv2D(1, 1, activation="sigmoid", name=f"{name}_alpha")(x)
    alpha = keras.layers.UpSampling2D(interpolation="bilinear", name=f"{name}_resample")(alpha)
    return keras.layers.Multiply(name=f"{name}_product")([skip, alpha])


def apply_decoder_stage(x, skip, filters, name):
    """Up-convolution, skip, two convolutions. (B, H, W, C), (B, 2H, 2W, D) -> (B, 2H, 2W, filters)."""
    return apply_convolutions(apply_up_convolution(x, skip, filters, name), filters, name)


def apply_gated_decoder_stage(x, skip, filters, name):
    """`apply_decoder_stage` with an attention gate on the skip."""
    return apply_decoder_stage(x, apply_attention_gate(skip, x, f"{name}_gate"), filters, name)


# === Graph ===


def build_unet(size, filters):
    """U-Net (Ronneberger, Fischer, Brox 2015, arXiv 1505.04597), as it is commonly built today.

    The paper's convolutions are unpadded, and it has no batch normalisation, but dropout at the bottleneck; we pad
    ("same"), normalise each convolution and drop nothing, as most implementations since do.

    Args:
        size: S, the side of the input in pixels, a multiple of 16.
        filters: channels of the finest level, doubled at each coarser one; 64 in the paper.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: logits (B, S, S, 1) float32.
    """
    return assemble(size, filters, apply_convolutions, apply_decoder_stage, "unet")


def build_attention_unet(size, filters):
    """Attention U-Net (Oktay et al. 2018, arXiv 1804.03999): `build_unet` with a gate on each skip.

    The paper is 3-D and leaves the finest skip without a gate; we are 2-D and gate all four, as common 2-D
    implementations do. Those have 34.9 M parameters at 64 filters because they upsample with 3x3 convolutions; here
    nothing but the gates differs from our U-Net, so that a comparison tells what the gates do.

    Args and returns: as `build_unet`.
    """
    return assemble(size, filters, apply_convolutions, apply_gated_decoder_stage, "attention_unet")


def assemble(size, filters, apply_encoder_stage, apply_decoder_stage, name):
    """A U of five levels: max pooling on the way down, a skip at each level on the way up, a 1x1 convolution.

    Args:
        size: side of the input in pixels, a multiple of 16.
        filters: channels of the finest level, doubled at each coarser one.
        apply_encoder_stage: function of (x, filters, name), for four levels and the bottleneck.
        apply_decoder_stage: function of (x, skip, filters, name) that doubles the side of x.
        name: of the model.

    Returns:
        keras.Model as `build_unet` gives it.
    """
    image = keras.Input((size, size, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="normalisation")(image)
    skips = []
    for level in range(NUM_LEVELS):
        x = apply_encoder_stage(x, filters * 2**level, f"encoder_{level}")
        skips.append(x)
        x = keras.layers.MaxPooling2D(name=f"encoder_{level}_pool")(x)
    x = apply_encoder_stage(x, filters * 2**NUM_LEVELS, "bottleneck")
    for level in reversed(range(NUM_LEVELS)):
        x = apply_decoder_stage(x, skips[level], filters * 2**level, f"decoder_{level}")
    logits = keras.layers.Conv2D(1, 1, dtype="float32", name="segmentation")(x)
    return keras.Model(image, logits, name=name)
