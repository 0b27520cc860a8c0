"""ONNX files: float32, and int8 with unsigned activations."""

import numpy as np

# The batch is free; tf2onnx writes faster graphs at 18 than at its default of 15.
OPSET = 18
# The products and the softmax of attention.
_FLOAT_OPERATIONS = ("MatMul", "Softmax")


def write_float32(source, path):
    """Write the network as it is."""
    path.write_bytes(source.onnx.read_bytes())


def write_int8(source, path):
    """Write int8 weights, a scale for each output channel, and unsigned activations, but for what `eight_bits` names.

    Weights keep to 7 bits: on a processor without VNNI the products of 8-bit ones overflow.
    """
    from onnxruntime import quantization

    prepared = source.folder / "prepared.onnx"
    quantization.quant_pre_process(source.onnx_for_int8, prepared, skip_symbolic_shape=True)
    quantization.quantize_static(
        prepared,
        path,
        _Calibration(source.calibration),
        quant_format=quantization.QuantFormat.QDQ,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        nodes_to_exclude=_kept_in_float(prepared, source),
    )


def convert(model, metadata, path):
    """Write a Keras model that gives logits as ONNX in the tensor contract.

    Args:
        model: keras.Model.
        metadata: its `Metadata`.
        path: of the file.
    """
    import onnx
    import tensorflow as tf
    import tf2onnx

    from keras_hanet.serving.graph import ServedModel

    served = ServedModel(_with_normalisation_as_convolution(model), metadata)
    signature = [tf.TensorSpec((None, metadata.size, metadata.size, 3), tf.float32, name="image")]
    converted, _ = tf2onnx.convert.from_function(served.probability, signature, opset=OPSET)
    _move_padding_into_pooling(converted.graph)
    onnx.save(converted, path)


def _with_normalisation_as_convolution(model):
    """The same network, its input scaled by a 1x1 convolution of each channel.

    ONNX Runtime leaves a multiplication of (N, H, W, 3) in that layout, and brings the result into its own afterwards.
    """
    import keras

    def call(layer, *arguments, **keywords):
        if not isinstance(layer, keras.layers.Rescaling):
            return layer(*arguments, **keywords)
        scale, offset = (np.broadcast_to(np.float32(value), 3) for value in (layer.scale, layer.offset))
        return keras.ops.depthwise_conv(arguments[0], scale.reshape(1, 1, 3, 1)) + offset

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def _move_padding_into_pooling(graph):
    """Zeros around what a ReLU gives change no maximum: let the pooling pad, which costs no copy of the map."""
    from onnx import helper, numpy_helper

    makers = {output: node for node in graph.node for output in node.output}
    constants = {one.name: one for one in graph.initializer}
    for pooling in [node for node in graph.node if node.op_type == "MaxPool"]:
        pad = makers.get(pooling.input[0])
        if pad is None or pad.op_type != "Pad" or pad.input[1] not in constants:
            continue
        if makers[pad.input[0]].op_type != "Relu" or sum(pad.output[0] in node.input for node in graph.node) > 1:
            continue
        amounts = numpy_helper.to_array(constants[pad.input[1]]).reshape(2, -1)  # begins and ends of N, C, H, W
        kept = [attribute for attribute in pooling.attribute if attribute.name not in ("pads", "auto_pad")]
        del pooling.attribute[:]
        pooling.attribute.extend([*kept, helper.make_attribute("pads", amounts[:, 2:].ravel().tolist())])
        pooling.input[0] = pad.input[0]
        graph.node.remove(pad)
        graph.initializer.remove(constants[pad.input[1]])


def _kept_in_float(path, source):
    """Names of the nodes up to the first convolution, of those that belong to the first layers, and of attention."""
    import onnx

    nodes = onnx.load(path).graph.node
    first = next(index for index, node in enumerate(nodes) if node.op_type == "Conv" and not _is_depthwise(node))
    return [
        node.name for index, node in enumerate(nodes)
        if index <= first or node.op_type in _FLOAT_OPERATIONS or source.kept_in_float.search(node.name)
    ]


def _is_depthwise(node):
    return any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)


class _Calibration:
    """The calibration images as ONNX Runtime reads them, one by one."""

    def __init__(self, images):
        self._images = iter(images)

    def get_next(self):
        image = next(self._images, None)
        return None if image is None else {"image": image[None]}
