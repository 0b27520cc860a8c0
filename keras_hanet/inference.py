"""Predictor: image -> probability -> mask at the image's own size, whatever the runtime."""

from dataclasses import dataclass

import numpy as np

from keras_hanet.checksums import check_checksums
from keras_hanet.data.preprocessing import resize_image, resize_probability
from keras_hanet.embedded_metadata import read_embedded
from keras_hanet.errors import InputError
from keras_hanet.evaluation.threshold import apply_threshold
from keras_hanet.metadata import METADATA_NAME, read_metadata, to_metadata
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.keras_file import check_keras_file
from keras_hanet.models.weights import DEFAULT, load_weights, read_facts, shipped_folder
from keras_hanet.runtimes import find_model_file, load_runtime


@dataclass(frozen=True)
class Prediction:
    """What the model says of one image, at the image's own size.

    Attributes:
        probability: (H, W) float32, 0..1.
        mask: (H, W) uint8 {0, 1}.
    """

    probability: np.ndarray
    mask: np.ndarray


class Predictor:
    """A model with its operating point, run by the runtime that its file asks for.

    Args:
        model: name of a shipped model, "cart"; or path of a run folder, a folder that `hanet export` wrote, or the
            model file in one.
        num_threads: threads of an exported model's runtime, None for all; Keras takes its own number.

    Raises:
        InputError: if there is no model, no metadata, or they are damaged or of another version.
        ModuleNotFoundError: if the runtime is not installed.
    """

    def __init__(self, model=DEFAULT, num_threads=None):
        file = find_model_file(model)
        if file.suffix == ".keras":
            network, metadata = load_keras_model(file)
            self._set(*_functions_of_keras(network), metadata)
        else:
            metadata = metadata_of(file)
            self._set(*_functions_of_runtime(file, load_runtime(file, num_threads), metadata.size), metadata)

    @classmethod
    def from_function(cls, probabilities_at_s, metadata, diagnoses=None):
        """A predictor over a function.

        Args:
            probabilities_at_s: function from (N, S, S, 3) float32 0..255 to (N, S, S) float32 0..1.
            metadata: `Metadata`.
            diagnoses: function from (N, S, S, 3) float32 0..255 to (N, 3) float32 0..1, the probabilities of
                `DIAGNOSES`; None for a model without a classification head.
        """
        predictor = cls.__new__(cls)
        predictor._set(probabilities_at_s, diagnoses, metadata)
        return predictor

    @classmethod
    def from_keras(cls, model, metadata):
        """A predictor over a Keras model that gives logits; the sigmoid is added here."""
        probabilities_at_s, diagnoses = _functions_of_keras(model)
        return cls.from_function(probabilities_at_s, metadata, diagnoses)

    def _set(self, probabilities_at_s, diagnoses, metadata):
        self._probabilities_at_s = probabilities_at_s
        self._diagnoses = diagnoses
        self.metadata = metadata

    def probabilities_at_s(self, images):
        """Probabilities on the model's own grid.

        Args:
            images: sequence of (H, W, 3) uint8, sizes may differ.

        Returns:
            (N, S, S) float32, 0..1.
        """
        return self._probabilities_at_s(self._resize(images))

    def diagnose(self, images):
        """Probabilities of normal, benign and malignant.

        Args:
            images: sequence of (H, W, 3) uint8, sizes may differ.

        Returns:
            (N, 3) float32 0..1 in the order of `DIAGNOSES`; None for a model without a classification head.
        """
        return None if self._diagnoses is None else self._diagnoses(self._resize(images))

    def predict(self, images):
        """Predict images in one batch.

        Args:
            images: sequence of (H, W, 3) uint8 RGB, sizes may differ.

        Returns:
            list of `Prediction`, each at its image's own size.
        """
        at_s = self.probabilities_at_s(images)
        return [self.to_prediction(p, image.shape[:2]) for p, image in zip(at_s, images, strict=True)]

    def to_prediction(self, probability_at_s, shape):
        """Bring a probability map to an image's size, then apply the operating point.

        Raises:
            InputError: if the map holds what is no probability: the model is damaged.
        """
        probability = resize_probability(probability_at_s, *shape)
        try:
            return Prediction(probability, self.to_mask(probability))
        except ValueError as error:
            raise InputError(
                f"{self.metadata.name}: the model gives what is no probability, it is damaged; copy or export it again"
            ) from error

    def to_mask(self, probability):
        """Threshold a probability map and remove what is too small: (H, W) -> (H, W) uint8 {0, 1}."""
        return apply_threshold(probability, self.metadata.threshold, self.metadata.min_lesion_share)

    def _resize(self, images):
        for image in images:
            if np.ndim(image) != 3 or np.shape(image)[2] != 3:
                raise ValueError(
                    f"An image has the shape (H, W, 3), grey replicated. Received: shape={np.shape(image)}"
                )
        return np.stack([resize_image(image, self.metadata.size) for image in images]).astype(np.float32)


def _functions_of_keras(model):
    diagnoses = (lambda images: keras_diagnoses(model, images)) if isinstance(model.output, dict) else None
    return lambda images: keras_probabilities(model, images), diagnoses


def _functions_of_runtime(file, run, size):
    """Run a model once on black: one of another size, or damaged where its loader did not look, is refused now."""
    try:
        outputs = run(np.zeros((1, size, size, 3), np.float32))
    except Exception as error:  # each runtime has errors of its own
        raise InputError(f"{file}: expected a model that runs, and it does not ({error}); export it again") from error
    found = outputs["probability"].shape if "probability" in outputs else "none"
    if found != (1, size, size, 1):
        raise InputError(f"{file}: expected probabilities (1, {size}, {size}, 1), got {found}; export it again")
    diagnoses = (lambda images: run(images)["diagnosis"]) if "diagnosis" in outputs else None
    return lambda images: run(images)["probability"][..., 0], diagnoses


def metadata_of(file):
    """The metadata of a model file: what lies beside it; what it holds itself, if it travelled alone.

    Args:
        file: path of a model file.

    Returns:
        `Metadata`.

    Raises:
        InputError: if there is none, what lies beside is another model's, or a file is not as it was exported.
    """
    check_checksums(file.parent)
    beside = file.with_name(METADATA_NAME)
    inside = read_embedded(file)
    if inside is None:
        return read_metadata(beside)
    metadata = to_metadata(inside, file)
    if beside.is_file() and read_metadata(beside) != metadata:
        raise InputError(f"{beside}: it is not what {file.name} says of itself; export the model again")
    return metadata


def load_keras_model(path):
    """Load the Keras model of a run folder, or a `model.keras`, with the `metadata.json` beside it; or a shipped model.

    Returns:
        keras.Model, not compiled, and `Metadata`.

    Raises:
        InputError: if there is no model, no metadata, or they are of another version.
    """
    shipped = shipped_folder(path)
    if shipped is not None:
        return _load_shipped(shipped)
    model_path = find_model_file(path)
    if model_path.suffix != ".keras":
        raise InputError(f"{path}: expected a run folder or a model.keras, got an exported model; give the run")
    metadata = metadata_of(model_path)
    check_keras_file(model_path)
    import keras

    import keras_hanet.layers  # noqa: F401  registers the layers that the file names

    try:
        return keras.saving.load_model(model_path, compile=False, safe_mode=True), metadata
    except Exception as error:  # Keras, its layers and HDF5 have errors of their own
        raise InputError(f"{model_path}: expected a Keras model, and it cannot be read ({error})") from error


def _load_shipped(folder):
    from keras_hanet.models.networks import build_network

    check_checksums(folder)
    network = build_network(HANetConfig(**read_facts(folder)["network"]))
    load_weights(network, folder)
    return network, read_metadata(folder / METADATA_NAME)


def keras_probabilities(model, images):
    """Segmentation probabilities of a Keras model that gives logits.

    Args:
        model: network made by `build_ha_net`.
        images: (N, S, S, 3) float32, 0..255.

    Returns:
        (N, S, S) float32, 0..1.
    """
    from keras import ops

    logits = model.predict_on_batch(images)
    if isinstance(logits, dict):
        logits = logits["segmentation"]
    return np.asarray(ops.convert_to_numpy(ops.sigmoid(logits)))[..., 0]


def keras_diagnoses(model, images):
    """Probabilities of `DIAGNOSES` by a Keras model with a classification head.

    Args:
        model: network made by `build_ha_net` with `num_classes`.
        images: (N, S, S, 3) float32, 0..255.

    Returns:
        (N, 3) float32, 0..1, rows that add up to 1.
    """
    from keras import ops

    return np.asarray(ops.convert_to_numpy(ops.softmax(model.predict_on_batch(images)["diagnosis"])))
