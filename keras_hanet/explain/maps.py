"""What the parts of a trained HA-Net do with an image: TSA and GSA attention, SFEB coefficients, lambdas.

Everything is computed by the layers themselves from the inputs they have within the network.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from keras_hanet.data.preprocessing import resize_image
from keras_hanet.errors import InputError
from keras_hanet.inference import Prediction, Predictor
from keras_hanet.layers import GlobalSpatialAttention, SpatialFeatureEnhancement, TransformerSelfAttention

TSA, GSA = "transformer_self_attention", "global_spatial_attention"
_LAMBDAS = {TSA: "lambda_1", GSA: "lambda_2"}


@dataclass(frozen=True)
class Attention:
    """TSA or GSA of one image.

    Attributes:
        weights: (T, T) float32, the attention of each of T tokens (row) to each (column); rows sum to 1.
        tokens: "channels" or "positions"; positions go row by row over the grid.
        scale: lambda, what the branch is multiplied by before it is added.
        added: (h, w) float32, |lambda branch| at each position of the grid over the mean of |X| over the
            grid: 0.1 means that the branch adds a tenth of what the features usually are.
    """

    weights: np.ndarray
    tokens: str
    scale: float
    added: np.ndarray

    @property
    def relative_entropy(self):
        """Mean entropy of the rows as a share of log(T): 1 if everything is attended to alike."""
        positive = np.maximum(self.weights.astype(np.float64), np.finfo(np.float64).tiny)
        return float(-(self.weights * np.log(positive)).sum(axis=1).mean() / np.log(len(self.weights)))

    @property
    def received(self):
        """(T,) float: mean attention to each token, times T: 1 is what uniform attention gives."""
        return self.weights.mean(axis=0) * len(self.weights)


@dataclass(frozen=True)
class Enhancement:
    """SFEB of one skip connection and image.

    Attributes:
        average: coefficients from average pooling, 0..1: (C,) for a gate of channels, (h, w) for a map.
        maximum: those from maximum pooling.
        passed: (h, w) float32, |Y| / |X| at each position, at most 2: below 1 the skip is damped there;
            0 where X is zero.
    """

    average: np.ndarray
    maximum: np.ndarray
    passed: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """What there is to see of one image.

    Attributes:
        prediction: `Prediction` at the image's own size.
        attentions: {TSA or GSA: `Attention`} of those the network has.
        enhancements: {name of the SFEB layer: `Enhancement`}, from the coarsest skip to the finest.
        absent: names of the parts that the network does not have.
    """

    prediction: Prediction
    attentions: dict
    enhancements: dict
    absent: tuple


class Inspector:
    """Looks inside a trained HA-Net.

    Args:
        model: network made by `build_ha_net`.
        metadata: its `Metadata`.

    Raises:
        InputError: if the network has neither TSA nor GSA nor SFEB, as the peers and an HA-Net whose parts
            are all switched off.
    """

    def __init__(self, model, metadata):
        kinds = (TransformerSelfAttention, GlobalSpatialAttention, SpatialFeatureEnhancement)
        self._parts = {layer.name: layer for layer in model.layers if isinstance(layer, kinds)}
        if not self._parts:
            raise InputError(
                f"{metadata.name}: expected an HA-Net with TSA, GSA or SFEB to look into, got a network without "
                "any of them; give another run"
            )
        self._model, self._metadata = model, metadata
        inputs = {name: layer.input for name, layer in self._parts.items()}
        if any(name in self._parts for name in _LAMBDAS):
            inputs["bottleneck"] = model.get_layer("attention_sum").input[0]
        logits = model.output["segmentation"] if isinstance(model.output, dict) else model.output
        self._inspected = keras.Model(model.input, {**inputs, "logits": logits})

    def explain(self, image):
        """Look at what each part does with an image.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            `Explanation`.
        """
        batch = resize_image(image, self._metadata.size)[None].astype(np.float32)
        values = self._inspected(batch, training=False)
        attentions = {
            name: self._attend(self._parts[name], values[name], values["bottleneck"])
            for name in _LAMBDAS if name in self._parts
        }
        enhancements = {
            name: _enhance(layer, values[name])
            for name, layer in self._parts.items() if isinstance(layer, SpatialFeatureEnhancement)
        }
        absent = [name for name, there in ((TSA, TSA in attentions), (GSA, GSA in attentions)) if not there]
        absent += [] if enhancements else ["spatial_feature_enhancement"]
        predictor = Predictor.from_function(lambda _: _to_numpy(ops.sigmoid(values["logits"]))[..., 0], self._metadata)
        return Explanation(predictor.predict([image])[0], attentions, enhancements, tuple(absent))

    def _attend(self, layer, x, bottleneck):
        [scale] = self._model.get_layer(_LAMBDAS[layer.name]).get_weights()
        of_channels = isinstance(layer, TransformerSelfAttention) and layer.axis == "channel"
        return Attention(
            weights=_to_numpy(layer.attention(x))[0],
            tokens="channels" if of_channels else "positions",
            scale=float(scale),
            added=abs(float(scale)) * _norm(layer(x)) / _norm(bottleneck).mean(),
        )


def _enhance(layer, x):
    average, maximum = (_to_numpy(gate)[0] for gate in layer.coefficients(x))
    shape = average.shape[:2] if layer.pool_over == "channels" else (-1,)
    return Enhancement(average.reshape(shape), maximum.reshape(shape), _norm(layer(x)) / np.maximum(_norm(x), 1e-12))


def _norm(x):
    """(1, h, w, C) -> (h, w) float32, the length of the features at each position."""
    return np.linalg.norm(_to_numpy(x)[0], axis=-1)


def _to_numpy(x):
    return np.asarray(ops.convert_to_numpy(x), np.float32)
