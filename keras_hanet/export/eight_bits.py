"""The network rewritten so that 8 bits suffice: the same function, other ranges.

Found on a cart model trained on BUSI, by comparing every tensor of the int8 file with its float32 twin:

- Ultrasound is dark and smooth, so that the first convolution weighs a large constant with kernels that nearly cancel
  it; rounded to 8 bits they do not, and all that follows inherits the error. It stays in float32, and so do the
  products of attention, which int8 makes neither small nor fast.
- A concatenation has one scale. Skip connections reach to 130 where the decoder's features end at 10, and left these
  six of their 256 steps. Skips are divided by a power of two and the kernel behind takes it back: bit for bit the same
  in float32.
- int8 has no fast maximum over a whole map, but a fast maximum pooling: the same number.
- Batch normalisation that follows no convolution (DenseNet121 has 62) would be a product and a sum, each a pass over
  the map with one scale for all channels. As a 1x1 convolution of each channel it is one pass, with a scale for each.
"""

import keras
import numpy as np
from keras import ops

from keras_hanet.layers import SpatialFeatureEnhancement

BATCH_SIZE = 10
_LARGEST_WINDOW = 8


def rewrite_for_int8(model, calibration):
    """Rewrite a network for conversion to int8.

    Args:
        model: keras.Model that gives logits; it is left as it is.
        calibration: (N, S, S, 3) float32, 0..255.

    Returns:
        keras.Model with the same inputs and the same outputs, to rounding of float32.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    factors = _skip_factors(copy, calibration)
    for name, factor in factors.items():
        concatenation = copy.get_layer(name)
        _multiply_last_inputs(_consumer(concatenation), concatenation.input[1].shape[-1], factor)

    def call(layer, *arguments, **keywords):
        if layer.name in factors:
            decoder, skip = arguments[0]
            return layer([decoder, skip * (1 / factors[layer.name])])
        if isinstance(layer, SpatialFeatureEnhancement) and layer.pool_over == "space":
            return _enhance(layer, *arguments)
        if isinstance(layer, keras.layers.BatchNormalization) and not _follows_convolution(layer):
            return _scale_channels(layer, *arguments)
        return layer(*arguments, **keywords)

    return keras.models.clone_model(copy, clone_function=lambda layer: layer, call_function=call)


def first_layers(model):
    """Names of the layers up to the first convolution, with its normalisation and activation."""
    names = []
    seen = False
    for layer in model.layers:
        is_convolution = isinstance(layer, keras.layers.Conv2D)
        follows = isinstance(layer, (keras.layers.BatchNormalization, keras.layers.ReLU, keras.layers.Activation))
        if seen and not follows:
            break
        names.append(layer.name)
        seen = seen or is_convolution
    return names


def _skip_factors(model, calibration):
    """{name of a concatenation: power of two by which its skip's largest value exceeds the decoder's}."""
    concatenations = [
        layer for layer in model.layers
        if isinstance(layer, keras.layers.Concatenate) and len(layer.input) == 2 and _consumer(layer) is not None
    ]
    if not concatenations:
        return {}
    probe = keras.Model(model.input, [tensor for layer in concatenations for tensor in layer.input])
    largest = np.zeros(2 * len(concatenations))
    for start in range(0, len(calibration), BATCH_SIZE):
        values = probe.predict_on_batch(calibration[start : start + BATCH_SIZE])
        largest = np.maximum(largest, [np.abs(value).max() for value in values])
    pairs = zip(concatenations, largest.reshape(-1, 2), strict=True)
    return {
        layer.name: float(2 ** np.round(np.log2(skip / decoder)))
        for layer, (decoder, skip) in pairs
        if skip and decoder
    }


def _consumer(layer):
    """The convolution that alone takes what a layer gives; None if others do."""
    takers = [node.operation for node in layer._outbound_nodes]
    kinds = (keras.layers.Conv2D, keras.layers.SeparableConv2D)
    return takers[0] if len(takers) == 1 and isinstance(takers[0], kinds) else None


def _multiply_last_inputs(convolution, num_channels, factor):
    kernel = getattr(convolution, "depthwise_kernel", None)
    kernel = convolution.kernel if kernel is None else kernel
    values = ops.convert_to_numpy(kernel).copy()
    values[:, :, -num_channels:] *= factor
    kernel.assign(values)


def _follows_convolution(layer):
    # All of them are kinds of BaseConv, which Keras does not name in public; each has a kernel.
    return hasattr(layer._inbound_nodes[0].parent_nodes[0].operation, "kernel_size")


def _scale_channels(layer, x):
    """Batch normalisation as a 1x1 convolution of each channel."""
    gamma, beta, mean, variance = (ops.convert_to_numpy(weight) for weight in layer.weights)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return ops.depthwise_conv(x, scale.reshape(1, 1, -1, 1)) + (beta - mean * scale)


def _enhance(layer, x):
    """SFEB with pooling in the place of the maximum, and its 1x1 convolutions written out with their weights."""
    pooled = (ops.mean(x, axis=(1, 2), keepdims=True), _largest_value(x))
    gates = []
    for gate, value in zip(layer._gates, pooled, strict=True):
        kernel, bias = (ops.convert_to_numpy(weight) for weight in (gate.kernel, gate.bias))
        gates.append(ops.sigmoid(ops.conv(value, kernel) + bias))
    return x * (gates[0] + gates[1])


def _largest_value(x):
    """Maximum over space, (B, H, W, C) -> (B, 1, 1, C), by pooling in small windows."""
    while x.shape[1] > 1 or x.shape[2] > 1:
        window = tuple(side if side <= _LARGEST_WINDOW else _divisor(side) for side in x.shape[1:3])
        x = ops.max_pool(x, window, strides=window)
    return x


def _divisor(side):
    """The largest divisor of a side that makes a small window; the side itself if it has none."""
    return next((window for window in range(_LARGEST_WINDOW, 1, -1) if side % window == 0), side)
