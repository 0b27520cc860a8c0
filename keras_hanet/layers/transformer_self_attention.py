"""Transformer self-attention (TSA): which feature channels go together."""

import math

import keras
from keras import ops

from keras_hanet.layers.normal_softmax import normal_softmax


def scaled_dot_product(query, key, divisor):
    """Attention weights softmax(Q K^T / divisor), normalised over the keys.

    Args:
        query: (B, T, D) float, one row of D numbers for each of T tokens.
        key: (B, T, D) float.
        divisor: positive float, the sqrt(d_k) of the paper.

    Returns:
        (B, T, T) float; each row sums to 1.
    """
    return normal_softmax(ops.matmul(query, ops.swapaxes(key, 1, 2)) / divisor)


@keras.saving.register_keras_serializable(package="keras_hanet")
class TransformerSelfAttention(keras.layers.Layer):
    """Self-attention over channels (the paper's) or over positions.

    With N = H * W positions:

    1. Q, K, V = 1x1 convolutions of the input, each (B, N, C).
    2. Tokens are the channels, (B, C, N), or the positions, (B, N, C).
    3. A = softmax over keys of Q K^T / sqrt(d_k): (B, C, C) or (B, N, N); dropout on A.
    4. Output = A V, brought back to (B, H, W, C).

    The position encoding is added to the input by the caller. The paper divides by sqrt(d_k) and
    does not say what d_k is for channel tokens; we use the length of a token (N for channels), so
    that a score's variance does not depend on the resolution, with C as the alternative.

    Args:
        axis: "channel" or "position", what the tokens are.
        key_dimension: d_k: "token" (the length of a token) or "channels" (C).
        dropout: rate on the attention weights, 0..1.

    Input and output: (B, H, W, C) float; H, W, C are fixed.

    Reference: HA-Net, arXiv 2506.16592; Attention Is All You Need, arXiv 1706.03762.
    """

    def __init__(self, axis="channel", key_dimension="token", dropout=0.1, **kwargs):
        super().__init__(**kwargs)
        if axis not in ("channel", "position"):
            raise ValueError(f"`axis` must be 'channel' or 'position'. Received: axis={axis!r}")
        if key_dimension not in ("token", "channels"):
            raise ValueError(
                f"`key_dimension` must be 'token' or 'channels'. Received: key_dimension={key_dimension!r}"
            )
        self.axis = axis
        self.key_dimension = key_dimension
        self.dropout = dropout
        self._attention_dropout = keras.layers.Dropout(dropout, name="attention_dropout", dtype=self.dtype_policy)

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self._projections = [
            keras.layers.Conv2D(channels, 1, name=name, dtype=self.dtype_policy) for name in ("query", "key", "value")
        ]
        for projection in self._projections:
            projection.build(input_shape)
        token_length = height * width if self.axis == "channel" else channels
        self._divisor = math.sqrt(token_length if self.key_dimension == "token" else channels)

    def call(self, x, training=None):
        _, height, width, channels = x.shape
        attention = self._attention_dropout(self.attention(x), training=training)
        value = ops.reshape(self._projections[2](x), (-1, height * width, channels))
        if self.axis == "channel":
            out = ops.matmul(value, ops.swapaxes(attention, 1, 2))  # (A V^T)^T = V A^T, without transposed copies
        else:
            out = ops.matmul(attention, value)
        return ops.reshape(out, (-1, height, width, channels))

    def attention(self, x):
        """The attention A of an input before dropout, (B, T, T) float for T tokens; each row sums to 1."""
        query, key = (self._tokens(projection(x)) for projection in self._projections[:2])
        return scaled_dot_product(query, key, self._divisor)

    def _tokens(self, x):
        positions = ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
        return ops.swapaxes(positions, 1, 2) if self.axis == "channel" else positions

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "key_dimension": self.key_dimension,
            "dropout": self.dropout,
        }
