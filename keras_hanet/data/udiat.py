"""UDIAT, "Dataset B": 163 images, one lesion each, from Sabadell.

M. H. Yap et al., "Automated breast ultrasound lesions detection using convolutional neural networks",
IEEE Journal of Biomedical and Health Informatics 22 (2018) 1218-1226.

    original/000001.png  GT/000001.png
    *.csv (Image, Type)                        optional: the released DatasetB.xlsx, saved as CSV

Patients were not published: each image is its own group.
"""

from pathlib import Path

from keras_hanet.data.pairing import files_by_stem, require_pairs
from keras_hanet.data.sample import Sample
from keras_hanet.data.tables import find_table, read_diagnosis, read_table, require_rows


def recognise(folder):
    """Whether `original/` and `GT/` are there."""
    return (Path(folder) / "original").is_dir() and (Path(folder) / "GT").is_dir()


def read(folder, faults=None):
    """List the samples of Dataset B or of a part of it.

    Args:
        folder: path that holds `original/` and `GT/`.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in the order of the ids. The diagnosis is None without a CSV table that has the
        columns Image and Type.

    Raises:
        InputError: if an image has no mask, a mask no image, or the table lacks the row of an image.
    """
    folder = Path(folder)
    images, masks = files_by_stem(folder / "original"), files_by_stem(folder / "GT")
    images = require_pairs(folder, images, masks, faults)
    diagnoses = _read_diagnoses(folder, images, faults)
    return [
        Sample(
            id=stem,
            image=path,
            masks=(masks[stem],),
            diagnosis=diagnoses[stem],
            patient=None,
            group=stem,
            source="udiat",
        )
        for stem, path in images.items()
        if stem in diagnoses
    ]


def _read_diagnoses(folder, images, faults):
    table = find_table(folder, ("image", "type"))
    if table is None:
        return dict.fromkeys(images)
    diagnoses = {}
    for row in read_table(table, ("image", "type")):
        name = Path(row["image"]).stem
        name = name.zfill(6) if name.isdecimal() else name
        diagnoses[name] = read_diagnosis(row["type"], f"{table}, {name}")
    require_rows(table, images, diagnoses, faults)
    return diagnoses
