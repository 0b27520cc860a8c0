"""Soft shrinkage: what is small beside the rest of its channel becomes 0."""

import keras
from keras import ops


def soft_threshold(x, threshold):
    """sign(x) max(|x| - threshold, 0), for any shapes that broadcast; threshold >= 0."""
    return ops.relu(x - threshold) - ops.relu(-x - threshold)


@keras.saving.register_keras_serializable(package="keras_hanet")
class SoftShrinkage(keras.layers.Layer):
    """Soft threshold with a threshold for each channel of each image, learned from all channels.

    1. m = mean of |X| over space, (B, 1, 1, C).
    2. a = sigmoid(dense(m)), in 0..1, (B, 1, 1, C).
    3. Output = soft threshold of X at a m: never so high that a channel of one magnitude vanishes.

    Input and output: (B, H, W, C) float; C is fixed.

    Reference: deep residual shrinkage networks, Zhao et al., IEEE Transactions on Industrial Informatics 16 (7),
    2020; their two dense layers are one here.
    """

    def build(self, input_shape):
        channels = input_shape[-1]
        self._share = keras.layers.Dense(channels, activation="sigmoid", name="share", dtype=self.dtype_policy)
        self._share.build((None, 1, 1, channels))

    def call(self, x):
        magnitude = ops.mean(ops.abs(x), axis=(1, 2), keepdims=True)
        return soft_threshold(x, self._share(magnitude) * magnitude)

    def compute_output_shape(self, input_shape):
        return input_shape
