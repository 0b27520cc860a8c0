"""TFLite files: which types their tensors have, read by the runtime that people ship."""

from collections import Counter

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from keras_hanet.export import tflite


def tensors_of(path):
    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    return interpreter, interpreter.get_tensor_details()


@pytest.mark.parametrize(
    ("write", "kernel", "activation"),
    [
        (tflite.write_float32, np.float32, np.float32),
        (tflite.write_float16, np.float16, np.float32),
        (tflite.write_int8, np.int8, np.int8),
    ],
)
def test_kernels_and_activations_have_the_type_of_the_format(write, kernel, activation, source, tmp_path):
    write(source, tmp_path / "model.tflite")
    interpreter, details = tensors_of(tmp_path / "model.tflite")
    stored, *widened = [one["dtype"] for one in details if tuple(one["shape"]) == (1, 3, 3, 4)]
    assert stored == kernel
    assert widened == ([np.float32] if kernel == np.float16 else [])
    maps = Counter(one["dtype"] for one in details if tuple(one["shape"]) == (1, 32, 32, 4))
    assert maps.most_common(1)[0][0] == activation
    [given], [answer] = interpreter.get_input_details(), interpreter.get_output_details()
    assert (given["dtype"], tuple(given["shape"])) == (np.float32, (1, 64, 64, 3)), "the contract, whatever the inside"
    assert (answer["dtype"], tuple(answer["shape"])) == (np.float32, (1, 64, 64, 1))


def test_int8_kernels_have_a_scale_for_each_channel_and_the_first_convolution_stays_float32(source, tmp_path):
    tflite.write_int8(source, tmp_path / "model.tflite")
    _, details = tensors_of(tmp_path / "model.tflite")
    [depthwise] = [one for one in details if tuple(one["shape"]) == (1, 3, 3, 4)]
    scales = depthwise["quantization_parameters"]["scales"]
    # The largest weight of a channel is 127 steps; the strengths of the four are 0.7, 0.9, 1.1 and 1.3.
    np.testing.assert_allclose(scales / scales[0], np.array([0.7, 0.9, 1.1, 1.3]) / 0.7, rtol=1e-3)
    [first] = [one for one in details if tuple(one["shape"]) == (4, 3, 3, 3)]
    assert first["dtype"] == np.float32


def test_large_kernels_of_dynamic_range_are_int8(tmp_path):
    """The converter leaves kernels below 1,024 numbers alone."""
    import keras
    from small_model import METADATA

    from keras_hanet.export.source import Source

    image = keras.Input((64, 64, 3), name="image")
    x = keras.layers.Conv2D(64, 3, padding="same")(image)
    model = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(x))
    tflite.write_dynamic(Source(model, METADATA, None, tmp_path), tmp_path / "model.tflite")
    _, details = tensors_of(tmp_path / "model.tflite")
    [kernel] = [one for one in details if tuple(one["shape"]) == (64, 3, 3, 3)]
    assert kernel["dtype"] == np.int8
