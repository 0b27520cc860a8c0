"""OpenVINO's format: float32 is kept, and the batch is free."""

import openvino

from keras_hanet.export.openvino import write_float32


def test_file_follows_the_contract_in_float32(source, tmp_path):
    write_float32(source, tmp_path / "model.xml")
    model = openvino.Core().read_model(tmp_path / "model.xml")
    assert model.input("image").partial_shape.to_string() == "[?,64,64,3]"
    assert model.output("probability").partial_shape.to_string() == "[?,64,64,1]"
    types = {one.get_element_type().get_type_name() for one in model.get_ops() if one.get_type_name() == "Constant"}
    assert "f16" not in types
    num_weights = 3 * 3 * 3 * 4 + 3 * 3 * 4 + 4
    assert (tmp_path / "model.bin").stat().st_size > 4 * num_weights
