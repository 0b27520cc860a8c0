"""Models that ship with their weights: where each lies, what it says of itself, and its weights as float16."""

import zipfile
from pathlib import Path

import numpy as np

from keras_hanet.errors import InputError
from keras_hanet.files import read_json, replacing

_PACKAGE = Path(__file__).parents[1]
DEFAULT = "cart"
# The first is package data; what is larger lies in the repository alone.
FOLDERS = {
    "cart": _PACKAGE / "assets" / "cart",
    "densenet121-scratch": _PACKAGE.parent / "saved_models" / "densenet121-scratch",
}
FACTS = "facts.json"
CARD = "CARD.md"
SHARD_BYTES = 16 * 2**20


def shipped_folder(name):
    """Where a shipped model lies: its int8 file, metadata, split, weights, facts and card.

    Args:
        name: a name, or the path of something else.

    Returns:
        its folder; None for what is no name of a shipped model. A folder of such a name is meant by "./cart".

    Raises:
        InputError: if the model is known but is not in this install.
    """
    folder = FOLDERS.get(str(name))
    if folder is not None and not (folder / FACTS).is_file():
        raise InputError(
            f"{name} is not in this install: its weights lie in saved_models/{name} of the repository; give the path "
            "of that folder, or take cart, which comes with the package"
        )
    return folder


def installed_models():
    """The names of the shipped models that are in this install."""
    return [name for name, folder in FOLDERS.items() if (folder / FACTS).is_file()]


def read_facts(folder):
    """What a shipped model says of itself: title, network, data, licence, recipe and scores.

    Raises:
        InputError: if the file is missing or damaged.
    """
    try:
        facts = read_json(Path(folder) / FACTS, "install again")
    except FileNotFoundError:
        raise InputError(f"{folder}: expected a model with {FACTS}, got none; install again") from None
    if not isinstance(facts, dict):
        raise InputError(f"{folder}: expected a model with {FACTS}, got no JSON object in it; install again")
    return facts


def write_weights(model, folder):
    """Write a network's weights as float16, in files `weights-1.npz`, ... of at most `SHARD_BYTES`.

    Args:
        model: Keras model.
        folder: existing folder.

    Raises:
        ValueError: if a weight does not fit into float16.
    """
    shards, size = [{}], 0
    for name, value in _weights_by_path(model).items():
        with np.errstate(over="ignore"):
            half = np.asarray(value, np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"The weight {name} does not fit into float16.")
        if size + half.nbytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = half
        size += half.nbytes
    for number, shard in enumerate(shards, start=1):
        # np.savez stamps every entry with the same date, so the same weights give the same bytes.
        with replacing(Path(folder) / f"weights-{number}.npz") as temporary:
            np.savez(temporary, **shard)


def load_weights(model, folder):
    """Set a network's weights from the files that `write_weights` wrote.

    Args:
        model: Keras model of the same configuration.
        folder: theirs.

    Raises:
        InputError: if a file cannot be read, or a weight is missing, has another shape or is not finite.
    """
    stored = {}
    for path in sorted(Path(folder).glob("weights-*.npz")):
        stored |= _read_shard(path)
    for variable in _variables(model):
        value = stored.get(variable.path)
        if value is None or value.shape != tuple(variable.shape):
            raise InputError(f"{folder}: its weights have no fitting {variable.path}; install the package again")
        if value.dtype != np.float16 or not np.isfinite(value).all():
            raise InputError(f"{folder}: {variable.path} is not finite float16; install the package again")
        variable.assign(value.astype(np.float32))


def _read_shard(path):
    """{name: array} of a file that `write_weights` wrote. Never pickles; never what grows when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise InputError(f"{path}: expected weights as they were written, they are packed; install again")
        with np.load(path, allow_pickle=False) as shard:
            return {name: shard[name] for name in shard.files}
    except InputError:
        raise
    except Exception as error:  # of zipfile, of NumPy and of its parser of headers
        raise InputError(f"{path}: the weights cannot be read ({error}); install the package again") from error


def _weights_by_path(model):
    return {variable.path: variable.numpy() for variable in _variables(model)}


def _variables(model):
    """A random generator's state is no weight."""
    return [variable for variable in model.variables if "seed_generator" not in variable.path]
