"""Position encoding (PE): tells attention where a feature lies."""

import keras
import numpy as np
from keras import ops


def sinusoids(length, channels):
    """Sines and cosines of rising wavelength (arXiv 1706.03762, section 3.5).

    Args:
        length: number of positions.
        channels: numbers for each position; the first half are sines, the rest cosines.

    Returns:
        (length, channels) float32 in -1..1.
    """
    num_sines = (channels + 1) // 2
    wavelengths = 10000.0 ** (np.arange(num_sines) / num_sines)
    angles = np.arange(length)[:, None] / wavelengths
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :channels].astype(np.float32)


@keras.saving.register_keras_serializable(package="keras_hanet")
class PositionEncoding(keras.layers.Layer):
    """Add a row table and a column table, each C / 2 wide, concatenated to C.

    The paper does not say which encoding it uses; we use learned tables, with sinusoids as the
    alternative.

    Args:
        kind: "learned" or "sinusoidal".

    Input and output: (B, H, W, C) float; H, W and C are fixed, C >= 2.

    Reference: HA-Net, arXiv 2506.16592; learned row and column tables as in DETR, arXiv 2005.12872.
    """

    def __init__(self, kind="learned", **kwargs):
        super().__init__(**kwargs)
        if kind not in ("learned", "sinusoidal"):
            raise ValueError(f"`kind` must be 'learned' or 'sinusoidal'. Received: kind={kind!r}")
        self.kind = kind

    def build(self, input_shape):
        _, height, width, channels = input_shape
        row_channels = channels // 2
        self._rows = self._table("rows", height, row_channels)
        self._columns = self._table("columns", width, channels - row_channels)

    def call(self, x):
        _, height, width, _ = x.shape
        rows = ops.tile(ops.expand_dims(self._rows, 1), (1, width, 1))
        columns = ops.tile(ops.expand_dims(self._columns, 0), (height, 1, 1))
        encoding = ops.concatenate([ops.convert_to_tensor(rows), ops.convert_to_tensor(columns)], axis=-1)
        return x + ops.cast(encoding, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}

    def _table(self, name, length, channels):
        if self.kind == "sinusoidal":
            return sinusoids(length, channels)
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        return self.add_weight(name=name, shape=(length, channels), initializer=initializer)
