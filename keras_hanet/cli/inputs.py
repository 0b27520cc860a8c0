"""Files and folders on the command line -> what is to be outlined, and where its results go."""

import re
from argparse import ArgumentTypeError
from collections import Counter
from pathlib import Path

from keras_hanet.batch.shards import SUMMARY
from keras_hanet.errors import InputError
from keras_hanet.outputs.tables import FRAMES
from keras_hanet.sources import SUFFIXES, is_source

_RESULTS = ("masks", "overlays", "reports", "dicom", "sheets")
_TABLES = (FRAMES, SUMMARY)
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
        root = source if source.is_dir() else source.parent
        places.update({path: _without_suffix(path.relative_to(root)) for path in find_files(source, results, is_taken)})
    places = _told_apart(places)
    owners = {}
    for path, place in places.items():
        if place in owners:
            raise InputError(
                f"{path} and {owners[place]} would both be written to {place}; rename one or predict them apart"
            )
        owners[place] = path
    return places


def _told_apart(places):
    """The places, with their suffix where it alone tells two of them apart: `scan.dcm` beside `scan.png`."""
    num_files = Counter(places.values())
    return {p: place if num_files[place] == 1 else place.with_name(p.name) for p, place in places.items()}


def find_files(source, results, is_taken=is_source):
    """The files of one input, as `find_inputs` takes them.

    Args:
        source: path of a folder, or of a file, which is taken whatever it is called.
        results: path of the output folder.
        is_taken: function that says of a file in a folder whether it is one to be outlined.

    Returns:
        list of paths, sorted.

    Raises:
        InputError: if it is not there, or a folder holds nothing to outline.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError(f"{source}: no such file or folder; check the path")
    own = {(results / name).resolve() for name in _RESULTS}
    found = sorted(
        path for path in source.rglob("*") if not is_mask(path) and is_taken(path) and not _is_result(path, own)
    )
    if not found:
        raise InputError(
            f"{source}: expected a folder with what can be outlined ({', '.join(SUFFIXES)}), found none of these"
        )
    return found


def _without_suffix(path):
    """A UID for a name keeps its last number: "1.2.840.7" is not "1.2.840"."""
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path


def is_mask(path):
    """Whether a file is named like a mask: `NAME_mask.png`, `NAME_mask_1.png`."""
    return path.suffix.lower() in SUFFIXES and _MASK_NAME.search(path.stem) is not None


def _is_result(path, own):
    """Whether a path lies in a folder of results: one of `own`, or one with the table of an earlier run beside it."""
    return any(
        folder in own or (folder.name in _RESULTS and any((folder.parent / name).is_file() for name in _TABLES))
        for folder in path.resolve().parents
    )


def path_of(text):
    """A path on the command line; what a shell makes of an unset variable is none.

    Raises:
        argparse.ArgumentTypeError: if it is empty.
    """
    if not text:
        raise ArgumentTypeError("expected a path, got nothing")
    return Path(text)
