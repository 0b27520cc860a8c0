"""Which install brings a library that the bare one has not."""

_INSTALLS = {
    **dict.fromkeys(("keras", "tensorflow", "tensorboardX", "sklearn"), "keras-hanet[train]"),
    **dict.fromkeys(("onnx", "tf2onnx", "tensorflow_serving", "grpc"), "keras-hanet[export]"),
    **dict.fromkeys(("pydicom", "highdicom"), "keras-hanet[dicom]"),
    **dict.fromkeys(("fastapi", "uvicorn", "starlette"), "keras-hanet[app]"),
    **dict.fromkeys(("ray", "pyarrow", "pycocotools"), "keras-hanet[cluster]"),
    **dict.fromkeys(("jax", "grain"), "keras-hanet[scale]"),
    "av": "keras-hanet[video]",
    "fpdf": "keras-hanet[pdf]",
    "onnxruntime": "onnxruntime",
    "optuna": "keras-hanet[search]",
    "openvino": "keras-hanet[openvino]",
}


def describe_missing(error):
    """Say what to install.

    Args:
        error: `ModuleNotFoundError`.

    Returns:
        a sentence; None if no extra brings it, so that the fault is the program's.
    """
    missing = (error.name or "").partition(".")[0]
    return f"this needs {missing}: pip install '{_INSTALLS[missing]}'" if missing in _INSTALLS else None
