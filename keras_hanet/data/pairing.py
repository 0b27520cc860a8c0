"""Image files and their masks, matched by name and never by order."""

import re
from pathlib import Path

from keras_hanet.data.sample import Finding
from keras_hanet.errors import InputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


def natural_key(name):
    """Sort key that puts "benign (2)" before "benign (10)"."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), part) if index % 2 else (0, part) for index, part in enumerate(parts)]


def files_by_stem(folder):
    """List the image files of a folder.

    Args:
        folder: path; sub-folders, hidden files and files that are no images are passed over.

    Returns:
        A dict from the file name without suffix to the path, in natural order.

    Raises:
        InputError: if the folder is missing or two files differ in their suffix alone.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of images, found none; check the path")
    found = {}
    for path in sorted(folder.iterdir(), key=lambda path: natural_key(path.name)):
        if path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        if path.stem in found:
            raise InputError(
                f"{folder}: expected one file of each name, got {found[path.stem].name} and {path.name}; "
                "keep one of them"
            )
        found[path.stem] = path
    return found


def require_pairs(folder, images, masks, faults=None):
    """Refuse images without a mask and masks without an image, where one mask belongs to each image.

    Args:
        folder: the data set, for the message.
        images: dict from the image's id to its path.
        masks: dict from the image's id to the path of its mask.
        faults: as in `refuse_unpaired`.

    Returns:
        The images that have a mask, as a dict; without `faults` these are all.

    Raises:
        InputError: as `refuse_unpaired`.
    """
    refuse_unpaired(
        folder,
        without_mask=[path for stem, path in images.items() if stem not in masks],
        orphans=[path for stem, path in masks.items() if stem not in images],
        faults=faults,
    )
    return {stem: path for stem, path in images.items() if stem in masks}


def refuse_unpaired(folder, without_mask, orphans, faults=None):
    """Refuse a data set with unpaired files.

    Args:
        folder: the data set, for the message.
        without_mask: paths of images that should have a mask and have none.
        orphans: paths of masks that have no image.
        faults: a list that takes a `Finding` for each such file, instead of the error; None for the error.

    Raises:
        InputError: naming the first three of either and their number, if there are any.
    """
    if faults is not None:
        faults += [Finding(path, "missing_mask", "no mask belongs to this image") for path in without_mask]
        faults += [Finding(path, "orphan_mask", "no image belongs to this mask") for path in orphans]
        return
    problems = [
        f"{kind} without {lack} ({_first_three(paths)}; {len(paths)} in all)"
        for kind, lack, paths in (("images", "a mask", without_mask), ("masks", "an image", orphans))
        if paths
    ]
    if problems:
        raise InputError(
            f"{folder}: expected image and mask for every name, got {' and '.join(problems)}; "
            "add what is missing or remove what is left over"
        )


def _first_three(paths):
    return ", ".join(sorted((path.name for path in paths), key=natural_key)[:3])
