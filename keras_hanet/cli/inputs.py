"""Files and folders on the command line -> what is to be outlined, and where its results go."""

import re
from pathlib import Path

from keras_hanet.errors import InputError
from keras_hanet.outputs.tables import FRAMES
from keras_hanet.sources import SUFFIXES, is_source

_RESULTS = ("masks", "overlays", "reports", "dicom", "sheets")
_MASK_NAME = re.compile(r"_mask(_\d+)?$")


def find_inputs(inputs, results, is_taken=is_source):
    """The files of a command, with the place each takes below the output folder.

    In a folder, hidden files, mask files (`NAME_mask.png`, `NAME_mask_1.png`) and what earlier runs wrote, to `results`
    or beside a table of theirs, are left out.

    Args:
        inputs: sequence of paths.
        results: path of the output folder.
        is_taken: function that says of a file in a folder whether it is one to be outlined.

    Returns:
        dict of path -> relative path without a suffix.

    Raises:
        InputError: if an input is not there, a folder holds nothing to outline, or the results of two would be
            written to one file.
    """
    places = {}
    for source in inputs:
        if source.is_dir():
            found = _find(source, lambda path: is_taken(path) and not _is_result(path, results))
            places.update({path: _without_suffix(path.relative_to(source)) for path in found})
        elif source.is_file():
            places[source] = _without_suffix(Path(source.name))
        else:
            raise InputError(f"{source}: no such file or folder; check the path")
    owners = {}
    for path, place in places.items():
        if place in owners:
            raise InputError(
                f"{path} and {owners[place]} would both be written to {place}; rename one or predict them apart"
            )
        owners[place] = path
    return places


def _find(folder, is_taken):
    found = sorted(path for path in folder.rglob("*") if not is_mask(path) and is_taken(path))
    if not found:
        raise InputError(
            f"{folder}: expected a folder with what can be outlined ({', '.join(SUFFIXES)}), found none of these"
        )
    return found


def _without_suffix(path):
    """A UID for a name keeps its last number: "1.2.840.7" is not "1.2.840"."""
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path


def is_mask(path):
    """Whether a file is named like a mask: `NAME_mask.png`, `NAME_mask_1.png`."""
    return path.suffix.lower() in SUFFIXES and _MASK_NAME.search(path.stem) is not None


def _is_result(path, results):
    known = {(results / name).resolve() for name in _RESULTS}
    return any(
        folder in known or (folder.name in _RESULTS and (folder.parent / FRAMES).is_file())
        for folder in path.resolve().parents
    )
