"""TFLite files: float32, float16 weights, int8 weights, int8 throughout, int8 weights with int16 activations."""


def write_float32(source, path):
    """Write the network as it is."""
    _write(_converter(source), path)


def write_float16(source, path):
    """Write weights as float16: half the size, computed in float32."""
    import tensorflow as tf

    converter = _converter(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    _write(converter, path)


def write_dynamic(source, path):
    """Write weights as int8; activations are quantised when they come ("dynamic range")."""
    import tensorflow as tf

    converter = _converter(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    _write(converter, path)


def write_int8(source, path):
    """Write int8 throughout, a scale for each output channel of a weight; input and output stay float32."""
    import tensorflow as tf

    _write_calibrated(source, path, tf.lite.OpsSet.TFLITE_BUILTINS_INT8)


def write_int16x8(source, path):
    """Write int8 weights and int16 activations: nearly float32's result from a quarter of the size."""
    import tensorflow as tf

    _write_calibrated(source, path, tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8)


def _write_calibrated(source, path, operations):
    import tensorflow as tf

    converter = _converter(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({"image": image[None]} for image in source.calibration)
    converter.target_spec.supported_ops = [operations]
    _write(converter, path)


def _converter(source):
    """From a SavedModel: from concrete functions the converter writes a small file whose output is not-a-number."""
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_saved_model(str(source.saved_model_of_one))


def _write(converter, path):
    path.write_bytes(converter.convert())
