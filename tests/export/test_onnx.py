"""ONNX files: opset, free batch, names, and the types of int8."""

import keras
import numpy as np
import onnx
import pytest
from helpers import randomise
from small_model import METADATA

from keras_hanet.export import onnx as export_onnx
from keras_hanet.runtimes import load_runtime


@pytest.fixture
def float32(source, tmp_path):
    export_onnx.write_float32(source, tmp_path / "model.onnx")
    return onnx.load(tmp_path / "model.onnx")


@pytest.fixture
def int8(source, tmp_path):
    export_onnx.write_int8(source, tmp_path / "int8.onnx")
    return onnx.load(tmp_path / "int8.onnx")


def shape_of(value):
    return [dimension.dim_value or dimension.dim_param for dimension in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_names_shapes_and_opset_follow_the_contract(kind, request):
    model = request.getfixturevalue(kind)
    onnx.checker.check_model(model, full_check=True)
    [image], [probability] = model.graph.input, model.graph.output
    assert (image.name, shape_of(image)[1:]) == ("image", [64, 64, 3])
    assert (probability.name, shape_of(probability)[1:]) == ("probability", [64, 64, 1])
    assert isinstance(shape_of(image)[0], str), "the batch is free"
    assert image.type.tensor_type.elem_type == probability.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert {item.version for item in model.opset_import if item.domain == ""} == {export_onnx.OPSET}


def test_int8_has_signed_kernels_by_channel_in_7_bits_and_unsigned_activations_after_the_first_convolution(int8):
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in int8.graph.initializer}
    kernels = [value for value in constants.values() if value.dtype == np.int8 and value.ndim == 4]
    assert sorted(kernel.shape for kernel in kernels) == [(1, 4, 1, 1), (4, 1, 3, 3)]
    assert {value.dtype for value in constants.values() if value.shape == (4, 3, 3, 3)} == {np.dtype(np.float32)}
    assert all(np.abs(kernel.astype(int)).max() == 64 for kernel in kernels)
    zero_points = {
        constants[node.input[2]].dtype for node in int8.graph.node if node.op_type == "QuantizeLinear"
    }
    assert zero_points == {np.dtype(np.uint8)}
    scales = [
        constants[node.input[1]] for node in int8.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] in constants and constants[node.input[0]].ndim == 4
    ]
    assert {scale.size for scale in scales} == {4, 1}


def test_padding_behind_a_relu_moves_into_the_pooling_and_the_result_stays(tmp_path):
    image = keras.Input((64, 64, 3), name="image")
    x = keras.layers.Rescaling([0.1, 0.2, 0.3], offset=[1, -2, 3])(image)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = keras.layers.MaxPooling2D(3, strides=2)(keras.layers.ZeroPadding2D(1)(x))
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(keras.layers.UpSampling2D()(x)))
    randomise(model)
    export_onnx.convert(model, METADATA, tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert "Pad" not in [node.op_type for node in graph.node]
    [pooling] = [node for node in graph.node if node.op_type == "MaxPool"]
    assert {one.name: list(one.ints) for one in pooling.attribute}["pads"] == [1, 1, 1, 1]
    images = np.random.default_rng(0).uniform(0, 20, (2, 64, 64, 3)).astype(np.float32)
    found = load_runtime(tmp_path / "model.onnx")(images)["probability"]
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-model.predict_on_batch(images))), atol=1e-5)


def test_padding_that_could_change_a_maximum_stays(tmp_path):
    image = keras.Input((64, 64, 3), name="image")
    x = keras.layers.Conv2D(4, 3, padding="same")(image)
    x = keras.layers.MaxPooling2D(3, strides=2)(keras.layers.ZeroPadding2D(1)(x))
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(keras.layers.UpSampling2D()(x)))
    export_onnx.convert(model, METADATA, tmp_path / "model.onnx")
    assert "Pad" in [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
