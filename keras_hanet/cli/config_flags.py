"""Every field of the configuration as a flag, with the help its docstring gives."""

import argparse
import dataclasses
import re
import typing

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig

_NO_AUGMENTATION = "no_augmentation"
# Which dataclass a flag belongs to, and what its name starts with.
_GROUPS = (("training", TrainConfig, ""), ("network", HANetConfig, ""), ("augmentation", Augmentation, "augment_"))
_NESTED = ("model", "augmentation")


def add_config_flags(parser):
    """Add a flag for every field of `TrainConfig`, its network and its augmentation."""
    for title, kind, prefix in _GROUPS:
        group = parser.add_argument_group(title)
        help_of = _attribute_docs(kind)
        types = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            if field.name in _NESTED:
                continue
            flag = "--" + (prefix + field.name).replace("_", "-")
            text = help_of[field.name].replace("%", "%%")
            group.add_argument(flag, default=argparse.SUPPRESS, help=text, **_parsing(types[field.name]))
        if kind is HANetConfig:
            text = "train a head for normal / benign / malignant too; short for --num-classes 3"
            group.add_argument(
                "--classify", action="store_const", const=len(DIAGNOSES), dest="num_classes", default=argparse.SUPPRESS,
                help=text,
            )
    text = "train on the images as they are"
    group.add_argument("--no-augmentation", action="store_true", default=argparse.SUPPRESS, help=text)


def apply_config_flags(config, arguments):
    """A configuration with the flags that were given put in.

    Args:
        config: `TrainConfig`.
        arguments: the parsed arguments; a flag that was not given is not in them.

    Returns:
        `TrainConfig`.
    """
    given = vars(arguments)
    chosen = {
        prefix + kind.__name__: {
            field.name: given[prefix + field.name]
            for field in dataclasses.fields(kind)
            if field.name not in _NESTED and prefix + field.name in given
        }
        for _, kind, prefix in _GROUPS
    }
    training, network, strengths = chosen.values()
    augmentation = config.augmentation
    if _NO_AUGMENTATION in given:
        augmentation = None
    elif strengths:
        augmentation = dataclasses.replace(augmentation or Augmentation(), **strengths)
    model = dataclasses.replace(config.model, **network)
    return dataclasses.replace(config, model=model, augmentation=augmentation, **training)


def _parsing(hint):
    """The argparse options that read a type."""
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    if typing.get_origin(hint) is tuple:
        return {"nargs": "+", "type": typing.get_args(hint)[0], "metavar": "N"}
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)] or [hint]
    return {"type": kinds[0], "metavar": kinds[0].__name__.upper()}


def _attribute_docs(kind):
    """{field: text} of the Attributes section of a dataclass's docstring."""
    section = kind.__doc__.split("Attributes:")[1]
    entries = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}
