"""Exported folders of a network without weights that takes what is bright for lesion, and a peer's ONNX file."""

from keras_hanet.files import write_json
from keras_hanet.metadata import Metadata

SIZE = 64
METADATA = Metadata(SIZE, 0.5, 0.0, "what is bright is lesion", card={"flops": 1_000_000})


def write_bright_tflite(folder, metadata=METADATA):
    """An exported folder with model.tflite: probability = sigmoid((mean of the channels - 127.5) / 4).

    Args:
        folder: path, made if it is not there.
        metadata: `Metadata` of size SIZE that lies beside it.

    Returns:
        the folder.
    """
    import tensorflow as tf

    class Bright(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32, "image")])
        def serve(self, image):
            return {"probability": tf.sigmoid((tf.reduce_mean(image, axis=-1, keepdims=True) - 127.5) / 4)}

    module = Bright()
    saved = folder.with_name(f"{folder.name}-saved-model")
    tf.saved_model.save(module, str(saved), signatures=module.serve)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(saved)).convert())
    write_json(folder / "metadata.json", vars(metadata))
    return folder


def write_peer(path, shape=("n", 3, SIZE, SIZE), dtype="FLOAT", num_inputs=1):
    """An ONNX file whose output is the sigmoid of its first input; its path."""
    import onnx
    from onnx import TensorProto, helper

    kind = getattr(TensorProto, dtype)
    names = [f"input{number}" for number in range(num_inputs)]
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name in names]
    output = helper.make_tensor_value_info("output", kind, shape)
    graph = helper.make_graph([helper.make_node("Sigmoid", names[:1], ["output"])], "peer", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path
