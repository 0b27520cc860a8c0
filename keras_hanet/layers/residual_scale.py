"""A learned scalar in front of a branch that is added to its input."""

import keras


@keras.saving.register_keras_serializable(package="keras_hanet")
class ResidualScale(keras.layers.Layer):
    """Multiply by one learned number, lambda; 0 at the start, so that the network begins without the branch.

    While lambda is 0 nothing inside the branch has a gradient; lambda itself has, and moves first.

    Args:
        initial_value: lambda before training.

    Input and output: any shape, float.

    Reference: lambda_1 and lambda_2 of the HA-Net bottleneck, arXiv 2506.16592; the paper does not
    say where they start, we use 0 as TransAttUnet (arXiv 2107.05274).
    """

    def __init__(self, initial_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.initial_value = initial_value

    def build(self, input_shape):
        self._scale = self.add_weight(
            name="scale", shape=(), initializer=keras.initializers.Constant(self.initial_value)
        )

    def call(self, x):
        return x * self._scale

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "initial_value": self.initial_value}
