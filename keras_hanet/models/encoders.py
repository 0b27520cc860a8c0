"""Encoders: each gives {"P1".."P5"}, feature maps of which Pn is 2^n times smaller than the image."""

from pathlib import Path

import keras

from keras_hanet.errors import InputError
from keras_hanet.models.efficientnet_lite0 import apply_efficientnet_lite0, load_imagenet_weights
from keras_hanet.models.keras_file import check_keras_file

# Where DenseNet121 is tapped: the last activation before each halving. The paper does not say.
DENSENET121_TAPS = {
    "P1": "conv1_relu",
    "P2": "pool2_relu",
    "P3": "pool3_relu",
    "P4": "pool4_relu",
    "P5": "relu",
}
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


def apply_densenet121(image):
    """DenseNet121 without its classifier, input normalisation inside.

    Args:
        image: (B, S, S, 3) keras tensor, float32 0..255, RGB.

    Returns:
        dict of keras tensors: P1 64, P2 256, P3 512, P4 1024 and P5 1024 channels.
    """
    normalised = keras.layers.Rescaling(
        scale=[1 / (255 * std) for std in _IMAGENET_STD],
        offset=[-mean / std for mean, std in zip(_IMAGENET_MEAN, _IMAGENET_STD, strict=True)],
        name="normalisation",
    )(image)
    encoder = keras.applications.DenseNet121(include_top=False, weights=None, input_tensor=normalised)
    return {level: encoder.get_layer(name).output for level, name in DENSENET121_TAPS.items()}


ENCODERS = {"densenet121": apply_densenet121, "efficientnet_lite0": apply_efficientnet_lite0}


def load_encoder_weights(model, encoder, weights):
    """Fill the encoder of a built network; layers are matched by name.

    Args:
        model: network that holds the encoder, made by `build_network`.
        encoder: a key of `ENCODERS`.
        weights: "imagenet", "none", "auto" (ImageNet if it can be had, else none), or a path: a
            saved Keras model (.keras) or, for DenseNet121, keras.applications' own .h5 file.

    Returns:
        what was loaded: "imagenet", "none" or the path. For "auto" it tells which.

    Raises:
        InputError: if the weights cannot be had.
    """
    if weights == "none":
        return "none"
    if weights == "auto":
        try:
            return load_encoder_weights(model, encoder, "imagenet")
        except InputError:
            return "none"
    if weights == "imagenet" and encoder == "efficientnet_lite0":
        load_imagenet_weights(model)
    elif weights == "imagenet":
        _copy_by_name(_download_densenet121(), _encoder_layers(model, encoder))
    else:
        _copy_by_name(_read_pretrained(Path(weights), encoder), _encoder_layers(model, encoder))
    return str(weights)


def _download_densenet121():
    try:
        return keras.applications.DenseNet121(include_top=False, weights="imagenet")
    except Exception as error:  # keras.utils.get_file raises a bare Exception when there is no network
        raise InputError(
            "encoder_weights 'imagenet' downloads DenseNet121's weights and the download failed: give the path of the "
            "file densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5, or take 'none', or the encoder "
            "efficientnet_lite0, whose ImageNet weights come with the package"
        ) from error


def _read_pretrained(path, encoder):
    try:
        if path.suffix == ".h5" and encoder == "densenet121":
            return keras.applications.DenseNet121(include_top=False, weights=path)
        check_keras_file(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras, its layers and HDF5 have errors of their own
        raise InputError(
            f"encoder_weights: expected 'imagenet', 'none', 'auto' or the path of a Keras model, got {path} "
            f"which cannot be read ({error})"
        ) from error


def _encoder_layers(model, encoder):
    """The layers of a network that belong to its encoder and have weights; not those of its decoder."""
    image = keras.Input(model.input_shape[1:])
    names = {layer.name for layer in keras.Model(image, ENCODERS[encoder](image)).layers}
    return [layer for layer in model.layers if layer.weights and layer.name in names]


def _copy_by_name(source, layers):
    """Set the weights of every layer from its namesake; a source that lacks one of them is refused."""
    values = {layer.name: layer.get_weights() for layer in source.layers}
    for layer in layers:
        if [value.shape for value in values.get(layer.name, [])] != [weight.shape for weight in layer.weights]:
            raise InputError(
                f"encoder_weights: the file has no fitting weights for the encoder's layer {layer.name}; "
                "was it made with another encoder?"
            )
        layer.set_weights(values[layer.name])
