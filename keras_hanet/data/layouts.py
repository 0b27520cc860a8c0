"""The data sets that can be read, and the one way to read any of them."""

from dataclasses import replace
from pathlib import Path

from keras_hanet.data import breast, bus_uclm, busbra, busi, folder, udiat
from keras_hanet.data.groups import regroup_from_table
from keras_hanet.errors import InputError

# In the order they are tried: what is more particular comes first, `folder` takes what is left.
READERS = {
    "busi": busi,
    "busbra": busbra,
    "breast": breast,
    "bus_uclm": bus_uclm,
    "udiat": udiat,
    "folder": folder,
}

_LOOKED_FOR = (
    "busi (benign/, malignant/, normal/ with NAME.png and NAME_mask.png), "
    "busbra (Images/, Masks/, bus_data.csv), breast (images_and_masks/), "
    "bus_uclm (images/ABCD_001.png, masks/), udiat (original/, GT/), "
    "folder (images/, masks/ with the same names)"
)


def read_samples(path, dataset=None, groups=None, faults=None):
    """Read a data set, whichever it is.

    Args:
        path: its folder.
        dataset: a key of `READERS` to be taken; recognised from the folder if None.
        groups: path of a CSV table (group, file and optionally class) that replaces the data set's own
            groups; images of one known patient stay together all the same.
        faults: a list that takes a `Finding` for each image without its mask or its row in a table, and for each
            mask without its image. They are left out then; None for an error instead.

    Returns:
        The reader's name and a list of `Sample` in natural order of the ids.

    Raises:
        InputError: if there is no such folder, its layout is not known, it holds no image, or the reader
            finds a fault in it.
    """
    path = Path(path)
    if dataset is not None and dataset not in READERS:
        raise InputError(f"expected one of the data sets {', '.join(READERS)}, got {dataset!r}")
    if not path.is_dir():
        raise InputError(f"{path}: expected the folder of a data set, found {_what_is(path)}; check the path")
    name = dataset or next((name for name, reader in READERS.items() if reader.recognise(path)), None)
    if name is None:
        raise InputError(f"{path}: expected one of these layouts, found none: {_LOOKED_FOR}; check the path")
    samples = READERS[name].read(path, faults)
    if not (samples or faults):
        raise InputError(f"{path}: expected images in the layout of {name}, found none; check the path")
    return name, regroup_from_table(samples, groups) if groups is not None else samples


def read_further(paths, layout):
    """Read data sets that join another in training.

    Args:
        paths: their folders.
        layout: the reader's name of the data set that they join.

    Returns:
        list of `Sample`. Where a reader's name is taken already, source and id get a number: two folders of one layout
        may well have the same names in them.

    Raises:
        InputError: as `read_samples`.
    """
    taken, further = [layout], []
    for path in paths:
        name, samples = read_samples(path)
        if name in taken:
            source = f"{name}-{taken.count(name) + 1}"
            samples = [replace(sample, source=source, id=f"{source}/{sample.id}") for sample in samples]
        taken.append(name)
        further += samples
    return further


def _what_is(path):
    return "a file" if path.exists() else "nothing"
