"""Keras metrics that are watched while a network trains, on logits at the network's size."""

import keras
from keras import ops

from keras_hanet.losses import binary_cross_entropy, jaccard_loss


def hard_dice(y_true, logits):
    """Dice of each image at probability 0.5; 1 where reference and prediction are both empty.

    Args:
        y_true: (B, H, W, 1) float, {0, 1}.
        logits: (B, H, W, 1) float.

    Returns:
        (B,) float32 in 0..1.
    """
    y_true = ops.cast(y_true, "float32")
    mask = ops.cast(logits > 0, "float32")
    both = ops.sum(y_true * mask, axis=(1, 2, 3))
    total = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(mask, axis=(1, 2, 3))
    return ops.where(total > 0, 2 * both / ops.maximum(total, 1), 1.0)


class LesionDice(keras.metrics.MeanMetricWrapper):
    """Mean of `hard_dice` over the images that have a lesion; 0 before the first one."""

    def __init__(self, name="dice", **kwargs):
        super().__init__(hard_dice, name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        counted = ops.cast(ops.any(y_true > 0, axis=(1, 2, 3)), "float32")
        if sample_weight is not None:
            counted *= ops.cast(sample_weight, "float32")
        super().update_state(y_true, y_pred, counted)


def segmentation_metrics():
    """What history and TensorBoard show: both terms of the loss, Dice, and the score.

    `dice` is the mean over images with a lesion; `score` is over all images, an image without a
    lesion counting 1 if the prediction is empty and 0 if not. The best epoch is the one with the
    best validation `score`.
    """
    return [
        keras.metrics.MeanMetricWrapper(binary_cross_entropy, name="bce"),
        keras.metrics.MeanMetricWrapper(jaccard_loss, name="jaccard_loss"),
        LesionDice(),
        keras.metrics.MeanMetricWrapper(hard_dice, name="score"),
    ]
