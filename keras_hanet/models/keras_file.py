"""What may be in a `.keras` file before Keras opens it.

A `.keras` file is a ZIP archive whose `config.json` names classes and functions that Keras looks up and calls. Its
`safe_mode` was bypassed more than once (CVE-2025-1550, -8747, -9905, -9906), each time by a name that is no layer of a
segmentation network. So a file is held against the names that such networks have, and nothing else is let through.
"""

import zipfile

from keras_hanet.errors import InputError
from keras_hanet.files import MAX_TEXT_BYTES, parse_json

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
_MODULES = {None, "keras", "keras.layers", "keras.initializers", "keras.models", "keras.src.models.functional"}
_CLASSES = {
    *("__keras_tensor__", "DTypePolicy", "Functional"),
    *("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "Ones", "RandomNormal", "VarianceScaling", "Zeros"),
    *("Activation", "Add", "Average", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D"),
    *("Conv2DTranspose", "Dense", "DepthwiseConv2D", "Dropout", "Flatten", "GlobalAveragePooling2D"),
    *("GlobalMaxPooling2D", "GroupNormalization", "InputLayer", "LayerNormalization", "MaxPooling2D", "Multiply"),
    *("Normalization", "ReLU", "Rescaling", "SeparableConv2D", "Softmax", "SpatialDropout2D", "UpSampling2D"),
    "ZeroPadding2D",
}
_OWN_LAYERS = {
    *("GlobalSpatialAttention", "PositionEncoding", "ResidualScale", "SoftShrinkage", "SpatialFeatureEnhancement"),
    "TransformerSelfAttention",
}
_MEND = "export or train the model again"


def check_keras_file(path):
    """Refuse a file that Keras should not open.

    Args:
        path: a `.keras` file.

    Raises:
        InputError: if it is no ZIP archive of the three files that Keras writes, unpacked as Keras writes them (so
            that none grows and none leaves the folder), or its configuration names a class that is no part of a
            segmentation network, such as Lambda, or a function.
    """
    path = str(path)
    try:
        if not path.endswith(".keras"):
            raise InputError(f"{path}: expected a .keras file, got another kind; {_MEND}")
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            text = archive.read("config.json").decode()
    except InputError:
        raise
    except Exception as error:  # zipfile's errors are of many kinds
        raise InputError(f"{path}: expected a Keras model, and it cannot be read ({error}); {_MEND}") from error
    config = parse_json(text, path, _MEND)
    if not isinstance(config, dict):
        raise InputError(f"{path}: expected a Keras model's configuration, got something else; {_MEND}")
    config.pop("compile_config", None)  # the optimizer's; Keras leaves it alone where it does not compile
    _check_classes(path, config)


def _check_members(path, members):
    names = [member.filename for member in members]
    if set(names) != _MEMBERS or len(names) != len(_MEMBERS):
        raise InputError(f"{path}: expected a Keras model of {', '.join(sorted(_MEMBERS))}, got other files; {_MEND}")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise InputError(f"{path}: expected a Keras model as Keras writes it, its files are packed; {_MEND}")
    if next(member.file_size for member in members if member.filename == "config.json") > MAX_TEXT_BYTES:
        raise InputError(f"{path}: expected a configuration of at most {MAX_TEXT_BYTES:,} bytes; {_MEND}")


def _check_classes(path, value):
    """`parse_json` has bounded the depth."""
    if isinstance(value, dict):
        if "class_name" in value and not _is_known(value):
            name = f"{value.get('module')}.{value['class_name']}"[:80]
            raise InputError(f"{path}: expected layers of a segmentation network, got {name}; it may run a program")
        for item in value.values():
            _check_classes(path, item)
    elif isinstance(value, list):
        for item in value:
            _check_classes(path, item)


def _is_known(value):
    name, module, registered = value["class_name"], value.get("module"), value.get("registered_name")
    if not all(isinstance(part, str | None) for part in (name, module, registered)):
        return False
    if name in _OWN_LAYERS:
        return str(module).startswith("keras_hanet.layers") and registered == f"keras_hanet>{name}"
    return name in _CLASSES and module in _MODULES and registered in (None, name)
