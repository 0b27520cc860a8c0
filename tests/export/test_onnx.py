"""ONNX files: opset, free batch, names, and the types of int8."""

import numpy as np
import onnx
import pytest

from keras_hanet.export import onnx as export_onnx


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
