"""Global spatial attention (GSA): every position looks at every other."""

import keras
from keras import ops

from keras_hanet.layers.normal_softmax import normal_softmax


@keras.saving.register_keras_serializable(package="keras_hanet")
class GlobalSpatialAttention(keras.layers.Layer):
    """Self-attention over positions with short keys.

    With N = H * W positions:

    1. M, N' = 1x1 convolutions to C / reduction channels, (B, N, C / reduction).
    2. W = 1x1 convolution to C channels, (B, N, C).
    3. S = softmax over keys of M N'^T, (B, N, N). The key has no bias: it would add the same
       number to a whole row of scores, and a softmax over keys cannot see that.
    4. Output = S W, (B, H, W, C).

    Args:
        reduction: how many times shorter M and N' are than the input. The paper does not say; we
            use 8, as TransAttUnet.

    Input and output: (B, H, W, C) float; H, W, C are fixed, C >= reduction.

    Reference: HA-Net, arXiv 2506.16592; TransAttUnet, arXiv 2107.05274.
    """

    def __init__(self, reduction=8, **kwargs):
        super().__init__(**kwargs)
        if reduction < 1:
            raise ValueError(f"`reduction` must be at least 1. Received: reduction={reduction}")
        self.reduction = reduction

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels < self.reduction:
            raise ValueError(f"The input must have at least {self.reduction} channels. Received: C={channels}")

        def conv(filters, name, use_bias=True):
            layer = keras.layers.Conv2D(filters, 1, use_bias=use_bias, name=name, dtype=self.dtype_policy)
            layer.build(input_shape)
            return layer

        self._query = conv(channels // self.reduction, "query")
        self._key = conv(channels // self.reduction, "key", use_bias=False)
        self._value = conv(channels, "value")

    def call(self, x):
        _, height, width, channels = x.shape
        out = ops.matmul(self.attention(x), _flatten(self._value(x)))
        return ops.reshape(out, (-1, height, width, channels))

    def attention(self, x):
        """The attention S of an input, (B, N, N) float for N positions, row by row; each row sums to 1."""
        query, key = _flatten(self._query(x)), _flatten(self._key(x))
        return normal_softmax(ops.matmul(query, ops.swapaxes(key, 1, 2)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "reduction": self.reduction}


def _flatten(x):
    """(B, H, W, C) -> (B, H * W, C)."""
    return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
