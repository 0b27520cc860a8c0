"""The parts HA-Net and its peers add to an encoder and a decoder, one layer a file."""

from keras_hanet.layers.global_spatial_attention import GlobalSpatialAttention
from keras_hanet.layers.position_encoding import PositionEncoding
from keras_hanet.layers.residual_scale import ResidualScale
from keras_hanet.layers.soft_shrinkage import SoftShrinkage
from keras_hanet.layers.spatial_feature_enhancement import SpatialFeatureEnhancement
from keras_hanet.layers.transformer_self_attention import TransformerSelfAttention

__all__ = [
    "GlobalSpatialAttention",
    "PositionEncoding",
    "ResidualScale",
    "SoftShrinkage",
    "SpatialFeatureEnhancement",
    "TransformerSelfAttention",
]
