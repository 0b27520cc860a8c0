"""Spatial feature enhancement block (SFEB): a gate on a skip connection."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_hanet")
class SpatialFeatureEnhancement(keras.layers.Layer):
    """Weigh a skip connection by what average and maximum pooling see of it.

    1. avg, max = pooled input: over space (B, 1, 1, C), a gate for each channel; or over channels
       (B, H, W, 1), a gate for each position.
    2. a = sigmoid(conv1x1(avg)), m = sigmoid(conv1x1(max)), each with weights of its own.
    3. Output = X a + X m = X (a + m).

    The paper's "global pooling" can be read both ways; both are here, and the ablation tells.

    Args:
        pool_over: "space" or "channels".

    Input and output: (B, H, W, C) float; C is fixed.

    Reference: HA-Net, arXiv 2506.16592.
    """

    def __init__(self, pool_over="space", **kwargs):
        super().__init__(**kwargs)
        if pool_over not in ("space", "channels"):
            raise ValueError(f"`pool_over` must be 'space' or 'channels'. Received: pool_over={pool_over!r}")
        self.pool_over = pool_over
        self._axes = (1, 2) if pool_over == "space" else (3,)

    def build(self, input_shape):
        channels = input_shape[-1] if self.pool_over == "space" else 1
        self._gates = [
            keras.layers.Conv2D(channels, 1, activation="sigmoid", name=name, dtype=self.dtype_policy)
            for name in ("average_gate", "maximum_gate")
        ]
        for gate in self._gates:
            gate.build((None, None, None, channels))

    def call(self, x):
        average_gate, maximum_gate = self.coefficients(x)
        return x * (average_gate + maximum_gate)  # one pass over the map instead of three

    def coefficients(self, x):
        """The two gates of an input, each (B, 1, 1, C) or (B, H, W, 1), float in 0..1."""
        pooled = (ops.mean(x, axis=self._axes, keepdims=True), ops.max(x, axis=self._axes, keepdims=True))
        return tuple(gate(value) for gate, value in zip(self._gates, pooled, strict=True))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "pool_over": self.pool_over}
