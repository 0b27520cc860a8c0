"""What every format is written from: the network, its operating point, training images, and steps they share."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_hanet.data.preprocessing import load_sample, resize_image
from keras_hanet.metadata import Metadata


def draw_evenly(samples, num, size):
    """Images of a sequence of samples, evenly spread over it.

    Args:
        samples: sequence of `Sample`.
        num: how many at most.
        size: S, in pixels.

    Returns:
        (N, S, S, 3) uint8, RGB, 0..255.
    """
    chosen = np.linspace(0, len(samples) - 1, min(num, len(samples))).round().astype(int)
    return np.stack([resize_image(load_sample(samples[index])[0], size) for index in chosen])


@dataclass(frozen=True)
class Source:
    """A network on its way into other formats.

    Attributes:
        model: Keras model that gives logits, as `pool_before_projection` rewrote it.
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
        return self._save_of_one(self.model, "saved_model_of_one")

    @cached_property
    def onnx(self):
        """Path of the ONNX file in float32, without metadata."""
        return self._convert_to_onnx(self.model, "float32.onnx")

    @cached_property
    def for_int8(self):
        """The Keras model that int8 formats are made from."""
        from keras_hanet.export.eight_bits import rewrite_for_int8

        return rewrite_for_int8(self.model, self.calibration)

    @cached_property
    def saved_model_for_int8(self):
        """As `saved_model_of_one`, of `for_int8`."""
        return self._save_of_one(self.for_int8, "saved_model_for_int8")

    @cached_property
    def onnx_for_int8(self):
        """As `onnx`, of `for_int8`."""
        return self._convert_to_onnx(self.for_int8, "for_int8.onnx")

    @cached_property
    def kept_in_float(self):
        """Pattern of the names of the tensors that int8 formats leave in float32: those of the first layers."""
        from keras_hanet.export.eight_bits import first_layers

        names = "|".join(map(re.escape, first_layers(self.model)))
        return re.compile(rf"(^|[/;])({names})(_\d+)?(/|$)")

    def _save_of_one(self, model, name):
        from keras_hanet.serving.graph import save_fixed_batch

        save_fixed_batch(model, self.metadata, self.folder / name)
        return self.folder / name

    def _convert_to_onnx(self, model, name):
        from keras_hanet.export.onnx import convert

        convert(model, self.metadata, self.folder / name)
        return self.folder / name
