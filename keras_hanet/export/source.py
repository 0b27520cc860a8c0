"""What every format is written from: the network, its operating point, training images, and steps they share."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_hanet.metadata import Metadata


@dataclass(frozen=True)
class Source:
    """A network on its way into other formats.

    Attributes:
        model: Keras model that gives logits.
        metadata: its `Metadata`.
        calibration: (N, S, S, 3) float32, 0..255: images of the training part, on which int8 formats learn the ranges
            of their tensors.
        folder: path of an existing folder for what is made on the way.
    """

    model: Any
    metadata: Metadata
    calibration: np.ndarray
    folder: Path

    @cached_property
    def saved_model_of_one(self):
        """Folder of a SavedModel for batches of one image: what the TFLite converter reads without losing weights."""
        from keras_hanet.serving.graph import save_fixed_batch

        folder = self.folder / "saved_model_of_one"
        save_fixed_batch(self.model, self.metadata, folder)
        return folder

    @cached_property
    def onnx(self):
        """Path of the ONNX file in float32, without metadata."""
        from keras_hanet.export.onnx import convert

        path = self.folder / "float32.onnx"
        convert(self.model, self.metadata, path)
        return path
