"""HA-Net for breast tumour segmentation in ultrasound images. Research use only, not a medical device.

Public names load when they are first used, so that importing the package stays cheap and a bare
install can use what it has.
"""

from importlib import import_module

from keras_hanet.version import __version__

_HOME = {
    "BCEJaccardLoss": "keras_hanet.losses",
    "HANetConfig": "keras_hanet.models.config",
    "Predictor": "keras_hanet.inference",
    "TrainConfig": "keras_hanet.training.config",
    "build_ha_net": "keras_hanet.models.ha_net",
    "decode_image": "keras_hanet.data.preprocessing",
    "read_samples": "keras_hanet.data.layouts",
    "train": "keras_hanet.training.trainer",
    "write_phantoms": "keras_hanet.data.phantoms",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        raise ImportError(f"{name} needs {error.name}: pip install 'keras-hanet[train]'") from error


def __dir__():
    return sorted(__all__)
