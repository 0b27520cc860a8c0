"""Binary cross-entropy + Jaccard loss, per image, on logits."""

import keras
from keras import ops


def binary_cross_entropy(y_true, logits):
    """Mean binary cross-entropy of each image.

    Args:
        y_true: (B, H, W, 1) float, {0, 1}.
        logits: (B, H, W, 1) float.

    Returns:
        (B,) float32, 0 for a perfect and certain prediction.
    """
    y_true, logits = _float32(y_true, logits)
    # softplus(z) - z y cannot overflow, and its gradient is right at z = 0 too, where training may begin.
    return ops.mean(ops.softplus(logits) - logits * y_true, axis=(1, 2, 3))


def jaccard_loss(y_true, logits, smooth=1.0):
    """1 - J of each image, J = (sum yp + s) / (sum y + sum p - sum yp + s), p = sigmoid(logits).

    The sums run over one image, never over the batch. An empty reference with an empty prediction
    has loss 0. The paper does not say how it smooths or averages; we use s = 1 pixel.

    Args:
        y_true: (B, H, W, 1) float, {0, 1}.
        logits: (B, H, W, 1) float.
        smooth: s, in pixels.

    Returns:
        (B,) float32 in 0..1.
    """
    y_true, logits = _float32(y_true, logits)
    probability = ops.sigmoid(logits)
    intersection = ops.sum(y_true * probability, axis=(1, 2, 3))
    union = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(probability, axis=(1, 2, 3)) - intersection
    return 1.0 - (intersection + smooth) / (union + smooth)


@keras.saving.register_keras_serializable(package="keras_hanet")
class BCEJaccardLoss(keras.losses.Loss):
    """Weighted sum of `binary_cross_entropy` and `jaccard_loss`, HA-Net's loss.

    Args:
        bce_weight: weight of the cross-entropy; 0 leaves Jaccard alone. The paper does not say;
            we use 1 and 1.
        jaccard_weight: weight of the Jaccard term.
        smooth: s of `jaccard_loss`, in pixels.

    Reference: HA-Net, arXiv 2506.16592.
    """

    def __init__(self, bce_weight=1.0, jaccard_weight=1.0, smooth=1.0, name="bce_jaccard_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.bce_weight = bce_weight
        self.jaccard_weight = jaccard_weight
        self.smooth = smooth

    def call(self, y_true, y_pred):
        bce = binary_cross_entropy(y_true, y_pred)
        return self.bce_weight * bce + self.jaccard_weight * jaccard_loss(y_true, y_pred, self.smooth)

    def get_config(self):
        return {
            **super().get_config(),
            "bce_weight": self.bce_weight,
            "jaccard_weight": self.jaccard_weight,
            "smooth": self.smooth,
        }


def _float32(*tensors):
    return (ops.cast(tensor, "float32") for tensor in tensors)
