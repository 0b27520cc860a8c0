"""Any folder with `images/` and `masks/` of the same names; suffixes may differ.

    images/a.jpg  masks/a.png

Nothing is known of diagnosis or patient: each image is its own group unless a table of groups is given.
"""

from pathlib import Path

from keras_hanet.data.pairing import files_by_stem, require_pairs
from keras_hanet.data.sample import Sample


def recognise(folder):
    """Whether `images/` and `masks/` are there."""
    return (Path(folder) / "images").is_dir() and (Path(folder) / "masks").is_dir()


def read(folder, faults=None):
    """List the samples of a folder.

    Args:
        folder: path that holds `images/` and `masks/`.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in natural order of the names.

    Raises:
        InputError: if an image has no mask or a mask no image.
    """
    folder = Path(folder)
    images, masks = files_by_stem(folder / "images"), files_by_stem(folder / "masks")
    images = require_pairs(folder, images, masks, faults)
    return [
        Sample(
            id=stem,
            image=path,
            masks=(masks[stem],),
            diagnosis=None,
            patient=None,
            group=stem,
            source="folder",
        )
        for stem, path in images.items()
    ]
