"""The switches of HA-Net and the choice of its peers, as a frozen dataclass that needs no Keras."""

from dataclasses import dataclass

from keras_hanet.errors import InputError

MAX_SIDE = 4096  # of an image and of a layer: beyond it a wrong number asks for all of the memory
ARCHITECTURES = ("ha_net", "unet", "attention_unet", "segresnet", "densenet121_unet", "uesa_net")
_CHOICES = {
    "encoder": ("densenet121", "efficientnet_lite0"),
    "bottleneck_stride": (16, 32),
    "logits_stride": (1, 2, 4),
    "position_encoding": ("learned", "sinusoidal", "none"),
    "self_attention": ("channel", "position", "none"),
    "key_dimension": ("token", "channels"),
    "feature_enhancement": ("space", "channels", "none"),
    "decoder_block": ("separable", "plain"),
    "architecture": ARCHITECTURES,
}


@dataclass(frozen=True)
class HANetConfig:
    """What `build_network` builds. "The paper" is arXiv 2506.16592.

    A peer (any `architecture` but "ha_net") is built by its own definition: it takes `size`, `base_filters` and, if
    it is "densenet121_unet", `encoder_weights`; the other fields are HA-Net's.

    Attributes:
        encoder: "densenet121" (the paper's) or "efficientnet_lite0" (made for int8 on a cart).
        encoder_weights: "imagenet", "none", "auto" (ImageNet if it can be had, else none, said
            loudly) or the path of a weights file of the encoder.
        size: S, the side of the square input in pixels, a multiple of 32. The paper's is 256.
        bottleneck_stride: 32 (8 x 8 for 256) or 16 (the last encoder block left out). The paper
            does not say; we use 32.
        position_encoding: "learned", "sinusoidal" or "none"; added to the self-attention input.
        self_attention: TSA over "channel" (the paper's), "position", or "none".
        key_dimension: d_k of TSA: "token" or "channels". The paper does not say.
        attention_dropout: dropout on TSA's attention, 0..1. The paper does not say; we use 0.1.
        spatial_attention: whether GSA is there.
        feature_enhancement: what SFEB pools over, "space" (a channel gate) or "channels" (a
            spatial map); "none" for plain skips.
        decoder_block: "separable" or "plain" 3x3 convolutions.
        decoder_filters: filters of the stages from coarse to fine, one for each factor of two
            between bottleneck_stride and logits_stride. The paper does not say; we use 256, 128, 64, 32, 16.
        logits_stride: how many times coarser than the image the decoder ends, 1, 2 or 4; the logits
            are brought to the image's grid bilinearly. The paper does not say; we use 1.
        num_classes: outputs of a classification head on the bottleneck; 0 for none.
        architecture: "ha_net", or a peer to compare with: "unet", "attention_unet", "segresnet",
            "densenet121_unet" or "uesa_net" (a reading of its abstract).
        base_filters: width of a peer, the channels of its finest level, a multiple of 8; 0 for
            the published one. HA-Net's is decoder_filters.
    """

    encoder: str = "densenet121"
    encoder_weights: str = "auto"
    size: int = 256
    bottleneck_stride: int = 32
    position_encoding: str = "learned"
    self_attention: str = "channel"
    key_dimension: str = "token"
    attention_dropout: float = 0.1
    spatial_attention: bool = True
    feature_enhancement: str = "space"
    decoder_block: str = "separable"
    decoder_filters: tuple[int, ...] = (256, 128, 64, 32, 16)
    logits_stride: int = 1
    num_classes: int = 0
    architecture: str = "ha_net"
    base_filters: int = 0

    def __post_init__(self):
        object.__setattr__(self, "decoder_filters", tuple(self.decoder_filters))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{name} must be one of {', '.join(map(str, choices))}, got {getattr(self, name)!r}")
        if not 32 <= self.size <= MAX_SIDE or self.size % 32:
            raise InputError(f"size must be a positive multiple of 32 up to {MAX_SIDE}, got {self.size}")
        if not 0 <= self.attention_dropout < 1:
            raise InputError(f"attention_dropout must be at least 0 and below 1, got {self.attention_dropout}")
        if not all(1 <= filters <= MAX_SIDE for filters in self.decoder_filters):
            raise InputError(f"decoder_filters must be numbers from 1 to {MAX_SIDE}, got {list(self.decoder_filters)}")
        num_stages = (self.bottleneck_stride // self.logits_stride).bit_length() - 1
        if len(self.decoder_filters) != num_stages:
            raise InputError(
                f"decoder_filters must have {num_stages} numbers for bottleneck_stride {self.bottleneck_stride} and "
                f"logits_stride {self.logits_stride}, got {list(self.decoder_filters)}"
            )
        if not 0 <= self.base_filters <= MAX_SIDE or self.base_filters % 8:
            raise InputError(
                f"base_filters must be 0 or a positive multiple of 8 up to {MAX_SIDE}, got {self.base_filters}"
            )
        if self.architecture == "ha_net" and self.base_filters:
            raise InputError("base_filters is the width of the other architectures; for ha_net give decoder_filters")
        if self.architecture != "ha_net" and self.num_classes:
            raise InputError(f"num_classes must be 0 for {self.architecture}: only ha_net has a classification head")
