"""ONNX files: float32, and int8 with unsigned activations."""

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
    import tensorflow as tf
    import tf2onnx

    from keras_hanet.serving.graph import ServedModel

    served = ServedModel(model, metadata)
    signature = [tf.TensorSpec((None, metadata.size, metadata.size, 3), tf.float32, name="image")]
    tf2onnx.convert.from_function(served.probability, signature, opset=OPSET, output_path=str(path))


def _kept_in_float(path, source):
    """Names of the nodes up to the first convolution, of those that belong to the first layers, and of attention."""
    import onnx

    nodes = onnx.load(path).graph.node
    first = next(index for index, node in enumerate(nodes) if node.op_type == "Conv")
    return [
        node.name for index, node in enumerate(nodes)
        if index <= first or node.op_type in _FLOAT_OPERATIONS or source.kept_in_float.search(node.name)
    ]


class _Calibration:
    """The calibration images as ONNX Runtime reads them, one by one."""

    def __init__(self, images):
        self._images = iter(images)

    def get_next(self):
        image = next(self._images, None)
        return None if image is None else {"image": image[None]}
