"""The space of a search: which fields of the configuration are tried, between which ends or of which choices."""

import json
import typing

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.errors import InputError
from keras_hanet.files import read_json
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig, from_dict, to_dict

DEFAULT_SPACE = {
    "learning_rate": {"low": 3e-4, "high": 3e-3, "log": True},
    "weight_decay": {"low": 1e-4, "high": 1e-1, "log": True},
    "bce_weight": [0.1, 0.3, 1.0],
    "jaccard_smooth": [1.0, 100.0],
    "augmentation": {"rotation_degrees": {"low": 0.0, "high": 30.0}, "speckle": [0.0, 0.3, 0.6]},
}
_PARTS = {"": TrainConfig, "model": HANetConfig, "augmentation": Augmentation}
_ENDS = ("low", "high", "log")
_DECIDES = "it decides which images the score is of, so that scores could not be compared"
_FIXED = {
    **dict.fromkeys(("data", "dataset", "groups", "split", "allow_leak", "fold", "num_folds", "split_seed"), _DECIDES),
    "include_normal": _DECIDES,
    "seed": "the better of two seeds is luck",
}


def read_space(path):
    """Read a space: JSON with the structure of a configuration.

    In the place of a value stands a list of choices, or {"low", "high"} with "log": true where equal ratios are
    equally likely. A choice of "model" or "augmentation" as a whole is an object whose fields change together.

    Raises:
        InputError: if there is no such file, or it is no JSON object.
    """
    try:
        space = read_json(path, 'give an object such as {"learning_rate": {"low": 1e-4, "high": 3e-3, "log": true}}')
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the space of the search as JSON, or leave --space out") from None
    if not isinstance(space, dict) or not space:
        raise InputError(f"{path}: expected a JSON object with at least one field of the configuration, got {space!r}")
    return space


def make_distributions(space, config):
    """What Optuna draws from.

    Args:
        space: dict, see `read_space`.
        config: `TrainConfig` whose fields vary; every end and choice must fit it on its own.

    Returns:
        {name: distribution}, the name of a nested field with a dot: "augmentation.flip". A choice that is a list or
        an object is its JSON text.

    Raises:
        InputError: for a field that is not there or must not vary, or ends or choices that do not fit it.
    """
    distributions = {}
    for name, entry in _flatten(space):
        hint = _hint(name)
        if name in _FIXED:
            raise InputError(f"the space must not hold {name}: {_FIXED[name]}; leave it out")
        if isinstance(entry, list) and entry:
            values = [_encode(choice) for choice in entry]
            distributions[name] = CategoricalDistribution(values)
        else:
            values = [entry.get("low"), entry.get("high")] if isinstance(entry, dict) else []
            distributions[name] = _range(name, entry, hint)
        for value in values:
            configure(config, {name: value})
    return distributions


def configure(config, params):
    """A configuration with the values of a trial.

    Args:
        config: `TrainConfig` of the search.
        params: {name: value} as Optuna draws them from `make_distributions`.

    Raises:
        InputError: if the values do not go together.
    """
    values = to_dict(config)
    for name, value in params.items():
        part, _, field = name.rpartition(".")
        value = _decode(value)
        if part:
            values[part] = {**(values[part] or {}), field: value}
        elif field in _PARTS and isinstance(value, dict):
            values[field] = {**(values[field] or {}), **value}
        else:
            values[field] = value
    return from_dict(values)


def _flatten(space):
    for key, entry in space.items():
        if key in _PARTS and isinstance(entry, dict):
            yield from ((f"{key}.{field}", inner) for field, inner in entry.items())
        else:
            yield key, entry


def _hint(name):
    """The type of a field."""
    part, _, field = name.rpartition(".")
    hints = typing.get_type_hints(_PARTS[part]) if part in _PARTS else {}
    if field not in hints:
        known = ", ".join(typing.get_type_hints(_PARTS[part])) if part in _PARTS else "model, augmentation"
        raise InputError(f"the space holds {name}, which the configuration has not; known are: {known}")
    return hints[field]


def _range(name, entry, hint):
    numbers = [entry.get("low"), entry.get("high")] if isinstance(entry, dict) else []
    is_number = [isinstance(number, int if hint is int else int | float) for number in numbers]
    fits = hint in (int, float) and numbers and all(is_number) and not any(isinstance(n, bool) for n in numbers)
    if not fits or not set(entry) <= set(_ENDS) or not isinstance(entry.get("log", False), bool):
        kind = {int: "whole numbers", float: "numbers"}.get(hint)
        ends = f'{{"low", "high"}} that are {kind}, with "log": true if wanted, or ' if kind else ""
        raise InputError(f"the space's {name} must be {ends}a list of choices, got {json.dumps(entry)}")
    try:
        return (IntDistribution if hint is int else FloatDistribution)(**entry)
    except ValueError:
        rule = "low above 0 and below high" if entry.get("log") else "low below high"
        raise InputError(f"the space's {name} must have {rule}, got {json.dumps(entry)}") from None


def _encode(choice):
    """Optuna keeps plain values only."""
    return json.dumps(choice) if isinstance(choice, list | dict) else choice


def _decode(value):
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
