"""Metadata inside an exported file, so that a file that travels alone still says what it is.

TFLite: a ZIP archive behind the model, where TensorFlow Lite's own metadata keeps its associated files; ONNX:
`metadata_props`; OpenVINO: `rt_info`; SavedModel: `assets.extra/`, which TensorFlow Serving leaves alone.
"""

import json
import zipfile
from pathlib import Path

from keras_hanet.errors import InputError
from keras_hanet.files import MAX_TEXT_BYTES, parse_json, read_json, write_json
from keras_hanet.metadata import METADATA_NAME

KEY = "keras_hanet"
_MEND = "export it again"
_EXTRA = Path("assets.extra") / METADATA_NAME


def embed(path, values):
    """Write metadata into a model file.

    Args:
        path: a `.tflite`, `.onnx` or `.xml` file that has none yet, or a SavedModel's `saved_model.pb`.
        values: dict, JSON-ready.

    Raises:
        ValueError: if the format has no room for it.
    """
    path = Path(path)
    _EMBED[path.suffix](path, values)


def read_embedded(path):
    """The metadata inside a model file.

    Args:
        path: as `embed`.

    Returns:
        the dict; None if there is none, or the file is of a kind that holds none.

    Raises:
        InputError: if the runtime that reads the format cannot read this file.
        ModuleNotFoundError: if the runtime is not installed.
    """
    path = Path(path)
    try:
        return _READ[path.suffix](path) if path.suffix in _READ else None
    except (ModuleNotFoundError, InputError):
        raise
    except Exception as error:  # each runtime has errors of its own
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: the model cannot be read ({reason}); export it again") from error


def _embed_tflite(path, values):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(METADATA_NAME, json.dumps(values))


def _read_tflite(path):
    try:
        with zipfile.ZipFile(path) as archive, archive.open(METADATA_NAME) as file:
            content = file.read(MAX_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, KeyError):
        return None
    if len(content) > MAX_TEXT_BYTES:
        raise InputError(f"{path}: expected metadata of at most {MAX_TEXT_BYTES:,} bytes; {_MEND}")
    return parse_json(content.decode(), path, _MEND)


def _embed_onnx(path, values):
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {KEY: json.dumps(values)})
    onnx.save(model, path)


def _read_onnx(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    text = session.get_modelmeta().custom_metadata_map.get(KEY)
    return None if text is None else parse_json(text, path, _MEND)


def _embed_openvino(path, values):
    import openvino

    model = openvino.Core().read_model(path)
    model.set_rt_info(json.dumps(values), [KEY])
    beside = path.with_stem(f"{path.stem}-with-metadata")
    openvino.save_model(model, beside, compress_to_fp16=False)
    del model  # it maps the weights' file that is replaced here
    for suffix in (".bin", ".xml"):
        beside.with_suffix(suffix).replace(path.with_suffix(suffix))


def _read_openvino(path):
    import openvino

    model = openvino.Core().read_model(path)
    if not model.has_rt_info([KEY]):
        return None
    return parse_json(model.get_rt_info([KEY]).astype(str), path, _MEND)


def _embed_saved_model(path, values):
    write_json(path.parent / _EXTRA, values)


def _read_saved_model(path):
    extra = path.parent / _EXTRA
    return read_json(extra, _MEND) if extra.is_file() else None


_EMBED = {".tflite": _embed_tflite, ".onnx": _embed_onnx, ".xml": _embed_openvino, ".pb": _embed_saved_model}
_READ = {".tflite": _read_tflite, ".onnx": _read_onnx, ".xml": _read_openvino, ".pb": _read_saved_model}
