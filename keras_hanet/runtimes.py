"""Exported files -> a function from images to probabilities, each by its own runtime, without Keras."""

import os
from pathlib import Path

import numpy as np

from keras_hanet.errors import InputError
from keras_hanet.models.weights import shipped_folder

# In a folder, the file that says what it holds.
MODEL_FILES = ("model.keras", "saved_model.pb", "model.tflite", "model.onnx", "model.xml")


def find_model_file(path):
    """The model file of a shipped model, a run folder or an exported folder, or the file itself.

    Raises:
        InputError: if there is none, more than one, or the file is of no known kind.
    """
    path = shipped_folder(path) or Path(path)
    if not path.is_dir():
        if not path.is_file() or path.suffix not in {Path(name).suffix for name in MODEL_FILES}:
            raise InputError(
                f"{path}: expected a shipped model's name (hanet models), a run folder, an exported folder or one of "
                f"{', '.join(MODEL_FILES)}, found none; check the path"
            )
        return path
    found = [path / name for name in MODEL_FILES if (path / name).is_file()]
    if not found:
        below = sorted(child.name for child in path.iterdir() if any((child / name).is_file() for name in MODEL_FILES))
        if below:
            names = ", ".join(below)
            raise InputError(f"{path}: expected the folder of one model, found it in folders below; give one: {names}")
        raise InputError(
            f"{path}: expected a folder with one of {', '.join(MODEL_FILES)}, found none; has its training finished?"
        )
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise InputError(f"{path}: expected one model in the folder, found {names}; give the file")
    return found[0]


def load_runtime(path, num_threads=None):
    """Load an exported model.

    Args:
        path: a `.tflite`, `.onnx` or `.xml` file (its `.bin` beside it), or a SavedModel's `saved_model.pb`.
        num_threads: threads of the runtime; None for the number of processors that this process may use.

    Returns:
        function from (N, S, S, 3) float32, 0..255, to {"probability": (N, S, S, 1) float32, 0..1}; of a model with
        a classification head also "diagnosis": (N, 3) float32, 0..1.

    Raises:
        InputError: if the file cannot be read.
        ModuleNotFoundError: if its runtime is not installed.
    """
    path = Path(path)
    load = _LOAD[path.suffix]
    try:
        return load(path, num_threads or len(os.sched_getaffinity(0)))
    except (ModuleNotFoundError, InputError):
        raise
    except Exception as error:  # each runtime has errors of its own
        reason = " ".join(str(error).split())[:200]
        message = f"{path}: expected an exported model, and it cannot be read ({reason}); export it again"
        raise InputError(message) from error


def _load_tflite(path, num_threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
    interpreter.allocate_tensors()
    run_one = interpreter.get_signature_runner()

    def run(images):
        results = [run_one(image=image[None]) for image in images]
        return {name: np.concatenate([result[name] for result in results]) for name in results[0]}

    return run


def open_onnx(path, num_threads):
    """An ONNX Runtime session on the processor, silent but for errors."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _load_onnx(path, num_threads):
    session = open_onnx(path, num_threads)
    names = [output.name for output in session.get_outputs()]

    def run(images):
        return dict(zip(names, session.run(names, {"image": images}), strict=True))

    return run


def _load_openvino(path, num_threads):
    import openvino

    # float32 is said because OpenVINO computes in bfloat16 by itself where a processor can.
    options = {"INFERENCE_NUM_THREADS": num_threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(path, "CPU", options)

    def run(images):
        result = model({"image": images})
        return {port.any_name: np.array(result[port]) for port in model.outputs}

    return run


def _load_saved_model(path, num_threads):
    import tensorflow as tf

    _limit_tensorflow(tf, num_threads)
    loaded = tf.saved_model.load(str(path.parent))
    signature = loaded.signatures["serving_default"]

    def run(images, loaded=loaded):  # a signature does not keep its variables alive
        return {name: value.numpy() for name, value in signature(image=tf.constant(images)).items()}

    return run


def _limit_tensorflow(tf, num_threads):
    """TensorFlow takes its number of threads once a process, before its first operation."""
    if tf.config.threading.get_intra_op_parallelism_threads() == num_threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(num_threads)
        tf.config.threading.set_inter_op_parallelism_threads(num_threads)
    except RuntimeError:
        if num_threads != len(os.sched_getaffinity(0)):
            raise InputError(
                f"TensorFlow runs already and takes no other number of threads, got {num_threads}; "
                "load the SavedModel in a process of its own"
            ) from None


_LOAD = {".tflite": _load_tflite, ".onnx": _load_onnx, ".xml": _load_openvino, ".pb": _load_saved_model}
