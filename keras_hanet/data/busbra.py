"""BUS-BRA: patients from Rio de Janeiro, up to two views each, with the authors' folds.

W. Gomez-Flores et al., "BUS-BRA: A breast ultrasound dataset for assessing computer-aided diagnosis
systems", Medical Physics 51 (2024) 3110-3123.

    Images/bus_0001-l.png  Masks/mask_0001-l.png
    bus_data.csv (ID, Case, Pathology, Device, ..., kFold)            kFold is optional
"""

from pathlib import Path

from keras_hanet.data.pairing import files_by_stem, require_pairs
from keras_hanet.data.sample import Sample
from keras_hanet.data.tables import read_diagnosis, read_table, require_rows
from keras_hanet.errors import InputError


def recognise(folder):
    """Whether `Images/`, `Masks/` and `bus_data.csv` are there."""
    folder = Path(folder)
    return all((folder / name).exists() for name in ("Images", "Masks", "bus_data.csv"))


def read(folder, faults=None):
    """List the samples of BUS-BRA or of a part of it.

    Args:
        folder: path that holds `Images/`, `Masks/` and `bus_data.csv`.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in the order of the ids; the patient is the group.

    Raises:
        InputError: if an image has no mask or no row in the table, a mask has no image, or the table
            lacks a column.
    """
    folder = Path(folder)
    images = files_by_stem(folder / "Images")
    masks = files_by_stem(folder / "Masks")
    masks = {"bus_" + stem.removeprefix("mask_"): path for stem, path in masks.items()}
    images = require_pairs(folder, images, masks, faults)
    table = folder / "bus_data.csv"
    rows = {row["id"]: row for row in read_table(table, ("id", "case", "pathology"))}
    images = require_rows(table, images, rows, faults)
    return [_sample(stem, path, masks[stem], rows[stem], f"{table}, {stem}") for stem, path in images.items()]


def _sample(stem, image, mask, row, where):
    fold = row.get("kfold", "")
    if not row["case"] or not (fold == "" or fold.isdecimal()):
        raise InputError(
            f"{where}: expected a case and a whole number for kFold, got {row['case']!r} and {fold!r}; "
            "correct the table"
        )
    return Sample(
        id=stem,
        image=image,
        masks=(mask,),
        diagnosis=read_diagnosis(row["pathology"], where),
        patient=row["case"],
        group=row["case"],
        source="busbra",
        official_fold=int(fold) if fold else None,
        device=row.get("device") or None,
    )
