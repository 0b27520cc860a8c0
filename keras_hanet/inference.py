"""Predictor: image -> probability -> mask at the image's own size, whatever the runtime."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_hanet.data.preprocessing import resize_image, resize_probability
from keras_hanet.errors import InputError
from keras_hanet.evaluation.threshold import apply_threshold
from keras_hanet.version import INTENDED_USE

METADATA_FORMAT = 1


@dataclass(frozen=True)
class Metadata:
    """What a model file cannot say of itself.

    Attributes:
        size: S, the model's own input side in pixels.
        threshold: probability from which on a pixel is lesion, chosen on validation images.
        min_lesion_share: regions smaller than this share of the image's pixels are removed.
        name: what the model is.
        intended_use: the limits of its use.
        format: version of this record.
    """

    size: int
    threshold: float
    min_lesion_share: float
    name: str
    intended_use: str = INTENDED_USE
    format: int = METADATA_FORMAT


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
    """A model with its operating point.

    Args:
        probabilities_at_s: function from (N, S, S, 3) float32 0..255 to (N, S, S) float32 0..1.
        metadata: `Metadata`.
        diagnoses: function from (N, S, S, 3) float32 0..255 to (N, 3) float32 0..1, the probabilities of
            `DIAGNOSES`; None for a model without a classification head.
    """

    def __init__(self, probabilities_at_s, metadata, diagnoses=None):
        self._probabilities_at_s = probabilities_at_s
        self._diagnoses = diagnoses
        self.metadata = metadata

    @classmethod
    def from_keras(cls, model, metadata):
        """A predictor over a Keras model that gives logits; the sigmoid is added here."""
        diagnoses = (lambda images: keras_diagnoses(model, images)) if isinstance(model.output, dict) else None
        return cls(lambda images: keras_probabilities(model, images), metadata, diagnoses)

    @classmethod
    def load(cls, path):
        """Load the model of a run folder, or a `model.keras` with `metadata.json` beside it.

        Raises:
            InputError: as `load_keras_model`.
        """
        return cls.from_keras(*load_keras_model(path))

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
        """Bring a probability map to an image's size, then apply the operating point."""
        probability = resize_probability(probability_at_s, *shape)
        return Prediction(probability, self.to_mask(probability))

    def to_mask(self, probability):
        """Threshold a probability map and remove what is too small: (H, W) -> (H, W) uint8 {0, 1}."""
        return apply_threshold(probability, self.metadata.threshold, self.metadata.min_lesion_share)

    def _resize(self, images):
        return np.stack([resize_image(image, self.metadata.size) for image in images]).astype(np.float32)


def load_keras_model(path):
    """Load the Keras model of a run folder, or a `model.keras`, with the `metadata.json` beside it.

    Returns:
        keras.Model, not compiled, and `Metadata`.

    Raises:
        InputError: if there is no model, no metadata, or they are of another version.
    """
    path = Path(path)
    model_path = path / "model.keras" if path.is_dir() else path
    if not model_path.is_file():
        raise InputError(f"{path}: expected a run folder or a model.keras, found none; has its training finished?")
    metadata = read_metadata(model_path.with_name("metadata.json"))
    import keras

    import keras_hanet.layers  # noqa: F401  registers the layers that the file names

    try:
        return keras.saving.load_model(model_path, compile=False, safe_mode=True), metadata
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{model_path}: expected a Keras model, and it cannot be read ({error})") from error


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


def read_metadata(path):
    """Read the `metadata.json` of a model.

    Raises:
        InputError: if it is missing, damaged or of another version.
    """
    try:
        values = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: the model's metadata is missing; keep metadata.json beside the model") from None
    except ValueError:
        raise InputError(f"{path}: expected JSON, the file is damaged; copy it again from its source") from None
    if not isinstance(values, dict) or values.get("format") != METADATA_FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise InputError(
            f"{path}: expected a model of format {METADATA_FORMAT}, got {found}; "
            "use the version of keras-hanet that made it"
        )
    try:
        return Metadata(**values)
    except TypeError as error:
        raise InputError(f"{path}: the metadata does not fit this version ({error})") from None
