"""BUS-UCLM: 683 images of 38 patients from Ciudad Real, most of them normal.

N. Vallez et al., "BUS-UCLM: Breast ultrasound lesion segmentation dataset", Scientific Data 12 (2025) 242.

    images/ABCD_001.png  masks/ABCD_001.png   masks RGB: black none, green benign, red malignant
    INFO.csv (Image, Label, Doppler, Marks, Combined)                 optional: the diagnosis

The four letters are the patient.
"""

import re
from pathlib import Path

from keras_hanet.data.pairing import files_by_stem, require_pairs
from keras_hanet.data.sample import Sample
from keras_hanet.data.tables import read_diagnosis, read_table, require_rows
from keras_hanet.errors import InputError

_NAME = re.compile(r"(?P<patient>[A-Za-z]{4})_\d+")


def recognise(folder):
    """Whether `images/` and `masks/` are there and every image is called like ABCD_001."""
    images, masks = Path(folder) / "images", Path(folder) / "masks"
    if not (images.is_dir() and masks.is_dir()):
        return False
    stems = files_by_stem(images)
    return bool(stems) and all(_NAME.fullmatch(stem) for stem in stems)


def read(folder, faults=None):
    """List the samples of BUS-UCLM or of a part of it.

    Args:
        folder: path that holds `images/` and `masks/`.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in the order of the ids. The diagnosis is None without `INFO.csv`.

    Raises:
        InputError: if an image has no mask, a mask no image, a name has no patient, or `INFO.csv` lacks a
            column or the row of an image.
    """
    folder = Path(folder)
    images, masks = files_by_stem(folder / "images"), files_by_stem(folder / "masks")
    images = require_pairs(folder, images, masks, faults)
    diagnoses = _read_diagnoses(folder, images, faults)
    return [_sample(stem, path, masks[stem], diagnoses[stem]) for stem, path in images.items() if stem in diagnoses]


def _sample(stem, image, mask, diagnosis):
    match = _NAME.fullmatch(stem)
    if match is None:
        raise InputError(
            f"{image}: expected a name like ABCD_001, four letters for the patient; rename the file"
        )
    return Sample(
        id=stem,
        image=image,
        masks=(mask,),
        diagnosis=diagnosis,
        patient=match["patient"],
        group=match["patient"],
        source="bus_uclm",
    )


def _read_diagnoses(folder, images, faults):
    table = folder / "INFO.csv"
    if not table.is_file():
        return dict.fromkeys(images)
    rows = read_table(table, ("image", "label"))
    diagnoses = {
        Path(row["image"]).stem: read_diagnosis(row["label"], f"{table}, {row['image']}") for row in rows
    }
    require_rows(table, images, diagnoses, faults)
    return diagnoses
