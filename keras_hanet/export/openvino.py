"""OpenVINO's format: `model.xml` and `model.bin`, float32."""


def write_float32(source, path):
    """Write the network as it is, from its ONNX file."""
    import openvino

    openvino.save_model(openvino.convert_model(source.onnx), path, compress_to_fp16=False)
