"""A model file -> what is timed: the network alone, and all from an encoded image to its mask."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from keras_hanet.data.preprocessing import decode_image, resize_image
from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor, keras_probabilities, load_keras_model
from keras_hanet.runtimes import find_model_file, load_runtime, open_onnx

# What runs a file, by its suffix.
RUNTIMES = {
    ".tflite": "ai_edge_litert",
    ".onnx": "onnxruntime",
    ".xml": "openvino",
    ".pb": "tensorflow",
    ".keras": "keras",
}


@dataclass(frozen=True)
class Network:
    """A loaded model.

    Attributes:
        run: function without arguments: the network alone, on one image that is decoded and resized already.
        to_mask: function without arguments: encoded image -> (H, W) uint8 {0, 1} mask; None for a peer, whose
            preprocessing is not known.
    """

    run: Callable
    to_mask: Callable | None


def find_artefact(path):
    """The model file of an artefact of ours.

    Raises:
        InputError: if there is none.
        ModuleNotFoundError: if what runs it is not installed; its `name` says what.
    """
    file = find_model_file(path)
    _need_runtime(file)
    return file


def find_peer(path):
    """The file of a peer's network, an ONNX file of unknown origin.

    Raises:
        InputError: if it is none.
        ModuleNotFoundError: if ONNX Runtime is not installed.
    """
    path = Path(path)
    if path.suffix != ".onnx" or not path.is_file():
        raise InputError(f"{path}: expected a peer's network in a .onnx file, found none; check the path")
    _need_runtime(path)
    return path


def file_size(file):
    """Bytes on disk of a model: its file; with OpenVINO's `.bin`; of a SavedModel the folder without metadata."""
    if file.suffix == ".xml":
        files = [file, file.with_suffix(".bin")]
    elif file.suffix == ".pb":
        files = [part for pattern in ("*.pb", "variables/*", "assets/*") for part in file.parent.glob(pattern)]
    else:
        files = [file]
    return sum(part.stat().st_size for part in files)


def load_artefact(file, metadata, encoded, num_threads):
    """Load a model of ours.

    Args:
        file: what `find_artefact` gave.
        metadata: its `Metadata`.
        encoded: bytes of the image file that is predicted.
        num_threads: of the runtime; Keras takes TensorFlow's, which the environment sets.

    Returns:
        `Network`.
    """
    images = resize_image(decode_image(encoded), metadata.size)[None].astype(np.float32)
    if file.suffix == ".keras":
        model, metadata = load_keras_model(file)
        predictor = Predictor.from_keras(model, metadata)
        return Network(lambda: keras_probabilities(model, images), lambda: _to_mask(predictor, encoded))
    run = load_runtime(file, num_threads)
    predictor = Predictor.from_function(lambda batch: run(batch)["probability"][..., 0], metadata)
    return Network(lambda: run(images), lambda: _to_mask(predictor, encoded))


def load_peer(file, encoded, num_threads):
    """Load a peer's network.

    Args:
        file: an ONNX file with one float32 input, (N, 3, S, S) or (N, S, S, 3), N being 1 or free.
        encoded: bytes of the image file that is its input, in 0..1.
        num_threads: of ONNX Runtime.

    Returns:
        `Network` without `to_mask`.

    Raises:
        InputError: if it cannot be read or has another input.
    """
    try:
        session = open_onnx(file, num_threads)
    except ModuleNotFoundError:
        raise
    except Exception as error:  # the classes of its errors are not public
        raise InputError(f"{file}: expected an ONNX file, and it cannot be read ({str(error)[:200]})") from error
    size, channels_first = _layout(file, session.get_inputs())
    image = resize_image(decode_image(encoded), size).astype(np.float32) / 255
    images = np.ascontiguousarray(image.transpose(2, 0, 1) if channels_first else image)[None]
    feed = {session.get_inputs()[0].name: images}
    return Network(lambda: session.run(None, feed), None)


def _layout(file, inputs):
    """S, and whether the channels come first."""
    shapes = [f"{one.type} {one.shape}" for one in inputs]
    if len(inputs) == 1 and inputs[0].type == "tensor(float)" and len(inputs[0].shape) == 4:
        num, *shape = inputs[0].shape
        for channels_first, (*sides, channels) in ((True, (*shape[1:], shape[0])), (False, shape)):
            is_square = isinstance(sides[0], int) and sides[0] == sides[1]
            if channels == 3 and is_square and (num == 1 or not isinstance(num, int)):
                return sides[0], channels_first
    raise InputError(
        f"{file}: expected one float32 input (N, 3, S, S) or (N, S, S, 3) with a fixed S and N free or 1, got "
        f"{'; '.join(shapes)}; export it with such an input"
    )


def _to_mask(predictor, encoded):
    return predictor.predict([decode_image(encoded)])[0].mask


def _need_runtime(file):
    name = RUNTIMES[file.suffix]
    if find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
