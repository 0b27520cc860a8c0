"""TFLite files: float32, float16 weights, int8 weights, int8 throughout."""

import warnings

# The products and the softmax of attention.
_FLOAT_OPERATIONS = ("BATCH_MATMUL", "SOFTMAX")


def write_float32(source, path):
    """Write the network as it is."""
    _write(_converter(source.saved_model_of_one), path)


def write_float16(source, path):
    """Write weights as float16: half the size, computed in float32."""
    import tensorflow as tf

    converter = _converter(source.saved_model_of_one)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    _write(converter, path)


def write_dynamic(source, path):
    """Write weights as int8; activations are quantised when they come ("dynamic range")."""
    import tensorflow as tf

    converter = _converter(source.saved_model_of_one)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    _write(converter, path)


def write_int8(source, path):
    """Write int8 throughout but for what `eight_bits` names; a scale for each output channel; float32 in and out."""
    import tensorflow as tf

    converter = _calibrated(source)
    options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_ops=list(_FLOAT_OPERATIONS), denylisted_nodes=_tensors_kept_in_float(source)
    )
    with warnings.catch_warnings():
        # TensorFlow's own interpreter, which it will drop; it only loads the file here.
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        quantiser = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
        )
    path.write_bytes(quantiser.get_nondebug_quantized_model())


def _calibrated(source):
    import tensorflow as tf

    converter = _converter(source.saved_model_for_int8)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({"image": image[None]} for image in source.calibration)
    return converter


def _tensors_kept_in_float(source):
    """The converter names operations by their tensors, which a float32 file of the same graph tells."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=_converter(source.saved_model_for_int8).convert())
    names = [tensor["name"] for tensor in interpreter.get_tensor_details()]
    return [name for name in names if source.kept_in_float.search(name)]


def _converter(folder):
    """From a SavedModel: from concrete functions the converter writes a small file whose output is not-a-number."""
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_saved_model(str(folder))


def _write(converter, path):
    path.write_bytes(converter.convert())
