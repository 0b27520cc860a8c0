"""Splits and folds as files, with the hash of every image."""

from collections import Counter

from keras_hanet.data.splits import PARTS, Split, check_disjoint, group_key, image_sha256
from keras_hanet.errors import InputError
from keras_hanet.files import read_json, write_json


def write_split(path, split):
    """Write a split as JSON: {"name", "leaks", "parts": {"train": {id: SHA-256, ...}, ...}, "extra": {id: SHA-256}}."""
    _by_id({*split.train, *split.validation, *split.test})
    parts = {part: _hashes(getattr(split, part)) for part in PARTS}
    write_json(path, {"name": split.name, "leaks": split.leaks, "parts": parts, "extra": _hashes(split.extra)})


def read_split(path, samples, extra=()):
    """Read a split and hold it against the data.

    Args:
        path: file written by `write_split`.
        samples: the data set; images of it that the file does not name are left out.
        extra: images of the further data sets; without them the split has no `extra`.

    Returns:
        A `Split`.

    Raises:
        InputError: if the file is none of ours, names an image that is not there or has other pixels, or if
            its parts are not disjoint.
    """
    content = _read_parts(path)
    parts = {part: tuple(_find(path, content["parts"][part], samples)) for part in PARTS}
    further = tuple(_find(path, content["extra"], extra)) if extra else ()
    split = Split(**parts, name=content["name"], leaks=content["leaks"], extra=further)
    check_disjoint(split)
    return split


def keep_unseen(path, samples, parts=("train", "validation")):
    """Leave out what a model was trained or chosen on, and what belongs to a group of it.

    Args:
        path: the split file of the model's run.
        samples: list of `Sample`, of the run's data set or another.
        parts: the parts of the split that count as seen; images of further data sets always do.

    Returns:
        The samples whose group has no image with the pixels of one in these parts.

    Raises:
        InputError: if the file is missing or none of ours.
    """
    content = _read_parts(path)
    seen = (*(content["parts"][part] for part in parts), content["extra"])
    seen_pixels = {digest for hashes in seen for digest in hashes.values()}
    seen_groups = {group_key(sample) for sample in samples if image_sha256(sample) in seen_pixels}
    return [sample for sample in samples if group_key(sample) not in seen_groups]


def write_folds(path, folds):
    """Write folds as JSON: {"folds": [{id: SHA-256, ...}, ...]}."""
    write_json(path, {"folds": [_hashes(fold) for fold in folds]})


def read_folds(path, samples):
    """Read folds and hold them against the data.

    Args:
        path: file written by `write_folds`.
        samples: the data set.

    Returns:
        A list of lists of `Sample`, as `make_folds` gave them.

    Raises:
        InputError: as `read_split`.
    """
    content = _read_json(path)
    folds = content.get("folds") if isinstance(content, dict) else None
    if not isinstance(folds, list) or not folds:
        raise InputError(f"{path}: expected a file of folds; make it again")
    return [_find(path, fold, samples) for fold in folds]


def _hashes(samples):
    return {name: image_sha256(sample) for name, sample in _by_id(samples).items()}


def _by_id(samples):
    by_id = {sample.id: sample for sample in samples}
    if len(by_id) < len(samples):
        [(repeated, _)] = Counter(sample.id for sample in samples).most_common(1)
        raise InputError(f"expected images of different names, got {repeated!r} more than once; rename one")
    return by_id


def _find(path, hashes, samples):
    """The samples of a file's {id: SHA-256}, in the file's order."""
    _check_hashes(path, hashes)
    by_id = _by_id(samples)
    for name, digest in hashes.items():
        if name not in by_id:
            raise InputError(f"{path}: {name} is not among the images; give the data it was made of")
        if image_sha256(by_id[name]) != digest:
            raise InputError(f"{path}: {name} has other pixels than when it was made; give the same data")
    return [by_id[name] for name in hashes]


def _read_parts(path):
    content = _read_json(path)
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, dict) or set(parts) != set(PARTS) or not isinstance(content.get("name"), str):
        raise InputError(f"{path}: expected a name and the parts {', '.join(PARTS)}; make the file again")
    for hashes in (*parts.values(), content.setdefault("extra", {})):
        _check_hashes(path, hashes)
    if not isinstance(content.setdefault("leaks", False), bool):
        raise InputError(f"{path}: expected leaks to be true or false; make the file again")
    return content


def _check_hashes(path, hashes):
    if not isinstance(hashes, dict) or not all(isinstance(digest, str) for digest in hashes.values()):
        raise InputError(f"{path}: expected image ids with their SHA-256; make the file again")


def _read_json(path):
    try:
        return read_json(path, "make it again")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
