"""The network rewritten to cost less, before any format is written: the same function."""

import keras


def pool_before_projection(model):
    """Average before a 1x1 convolution instead of after it: both are linear, and a quarter of the pixels is left.

    DenseNet121's transitions are written the other way round. A convolution is moved if it has no activation and
    nothing but an average pooling takes what it gives.

    Args:
        model: functional keras.Model; it is left as it is, and its layers are shared.

    Returns:
        keras.Model, the same function to rounding of float32; `model` itself if there is nothing to move.
    """
    moved = {}  # pooling by convolution
    for layer in model.layers:
        if _is_projection(layer) and not any(layer.output is output for output in model.outputs):
            takers = [node.operation for node in layer._outbound_nodes if node.operation in model.layers]
            if len(takers) == 1 and isinstance(takers[0], keras.layers.AveragePooling2D) and _is_linear(takers[0]):
                moved[layer.name] = takers[0]
    if not moved:
        return model
    poolings = {pooling.name for pooling in moved.values()}

    def call(layer, *arguments, **keywords):
        if layer.name in moved:
            return layer(moved[layer.name](*arguments))
        if layer.name in poolings:
            return arguments[0]
        return layer(*arguments, **keywords)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def _is_projection(layer):
    if not isinstance(layer, keras.layers.Conv2D):
        return False
    return (layer.kernel_size, layer.strides, layer.activation) == ((1, 1), (1, 1), keras.activations.linear)


def _is_linear(pooling):
    """Whether every window of a pooling is full."""
    sides = pooling.input.shape[1:3]
    full = all(side % window == 0 for side, window in zip(sides, pooling.pool_size, strict=True))
    return full and pooling.strides == pooling.pool_size
