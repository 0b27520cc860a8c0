"""The network a configuration asks for: HA-Net, or a peer to compare it with under the same recipe.

Of the networks HA-Net's paper compares itself with, MASA-Net is not here: it has no public definition.
"""

from collections.abc import Callable
from typing import NamedTuple

from keras_hanet.models.densenet121_unet import build_densenet121_unet
from keras_hanet.models.encoders import load_encoder_weights
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.models.segresnet import build_segresnet
from keras_hanet.models.uesa_net import build_uesa_net
from keras_hanet.models.unet import build_attention_unet, build_unet


class Peer(NamedTuple):
    """A network to compare with.

    Attributes:
        title: its name for people.
        filters: its published width.
        build: function of (size, filters) that returns a keras.Model with `build_ha_net`'s input and logits.
        encoder: the key of `ENCODERS` for which there are pretrained weights, or None.
    """

    title: str
    filters: int
    build: Callable
    encoder: str | None = None


PEERS = {
    "unet": Peer("U-Net", 64, build_unet),
    "attention_unet": Peer("Attention U-Net", 64, build_attention_unet),
    "segresnet": Peer("SegResNet", 8, build_segresnet),
    "densenet121_unet": Peer("DenseNet121 U-Net", 16, build_densenet121_unet, "densenet121"),
    "uesa_net": Peer("UESA-Net, a reading", 64, build_uesa_net),
}


def build_network(config):
    """Build what `config.architecture` names, with random weights.

    Args:
        config: `HANetConfig`.

    Returns:
        keras.Model. Input `image`: (B, S, S, 3) float32, 0..255, RGB. Output: logits (B, S, S, 1) float32; for
        HA-Net with `num_classes` the dict of `build_ha_net`.
    """
    if config.architecture == "ha_net":
        return build_ha_net(config)
    peer = PEERS[config.architecture]
    return peer.build(config.size, config.base_filters or peer.filters)


def load_pretrained(model, config):
    """Fill the encoder of a network made by `build_network` as `config.encoder_weights` says.

    Returns:
        what was loaded, as `load_encoder_weights`; None for a network that has no pretrained encoder.

    Raises:
        InputError: if the weights cannot be had.
    """
    encoder = config.encoder if config.architecture == "ha_net" else PEERS[config.architecture].encoder
    return load_encoder_weights(model, encoder, config.encoder_weights) if encoder else None


def describe(config):
    """The network in words: "HA-Net(densenet121)", "U-Net (width 16)"."""
    if config.architecture == "ha_net":
        return f"HA-Net({config.encoder})"
    peer = PEERS[config.architecture]
    return f"{peer.title} (width {config.base_filters or peer.filters})"
