"""The formats a model is exported to: a table of how each is written and how far it may leave the Keras model."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

from keras_hanet.export import onnx, openvino, saved_model, tflite


class Limits(NamedTuple):
    """What the gate lets pass, on validation images.

    Attributes:
        probability: largest difference of a probability on the model's grid, 0..1.
        mask_share: share of mask pixels that differ at the images' own sizes, 0..1.
        dice: loss of mean Dice, 0..1; a true negative counts as 1.
    """

    probability: float
    mask_share: float
    dice: float


class Format(NamedTuple):
    """How a model is written.

    Attributes:
        title: its name for people.
        file: name of the model file in the format's folder.
        write: function of (`Source`, path of the file).
        limits: of the gate.
        needs: names of the modules, beside TensorFlow, that write and read it.
    """

    title: str
    file: str
    write: Callable
    limits: Limits
    needs: tuple[str, ...] = ()


# Rounding of another order of the same float32 sums. The largest difference is that of the least certain pixel.
_SAME = Limits(probability=2e-3, mask_share=2e-4, dice=0.001)
# Weights with 11 significant bits.
_HALF = Limits(probability=0.1, mask_share=1e-3, dice=0.002)
# 8-bit weights or activations: a single pixel at an edge may flip, the outline may not move.
_INTEGER = Limits(probability=0.9, mask_share=0.005, dice=0.01)
_ONNX = ("onnx", "tf2onnx", "onnxruntime")

FORMATS = {
    "saved_model": Format("SavedModel", "saved_model.pb", saved_model.write_float32, _SAME, ("tensorflow_serving",)),
    "tflite_float32": Format("TFLite float32", "model.tflite", tflite.write_float32, _SAME),
    "tflite_float16": Format("TFLite float16", "model.tflite", tflite.write_float16, _HALF),
    "tflite_dynamic": Format("TFLite dynamic-range int8", "model.tflite", tflite.write_dynamic, _INTEGER),
    "tflite_int8": Format("TFLite int8", "model.tflite", tflite.write_int8, _INTEGER),
    "onnx": Format("ONNX float32", "model.onnx", onnx.write_float32, _SAME, _ONNX),
    "onnx_int8": Format("ONNX int8", "model.onnx", onnx.write_int8, _INTEGER, _ONNX),
    "openvino": Format("OpenVINO float32", "model.xml", openvino.write_float32, _SAME, (*_ONNX, "openvino")),
}


def missing_module(name):
    """The first module that a format needs and that is not installed; None if all are."""
    return next((module for module in FORMATS[name].needs if find_spec(module) is None), None)
