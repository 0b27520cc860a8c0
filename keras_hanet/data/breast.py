"""BrEaST-Lesions-USG: one image of each of 256 patients, with tissue masks.

A. Pawlowska et al., "Curated benchmark dataset for ultrasound based breast lesion analysis",
Scientific Data 11 (2024) 148.

    images_and_masks/case001.png  case001_tumor.png  case001_other1.png
    *.csv (CaseID, Image_filename, Classification, ...)               the released sheet, saved as CSV

`_tumor` masks are lesions; `_other` masks are further findings, not scored. A case of class normal
has no tumour mask.
"""

import re
from pathlib import Path

from keras_hanet.data.pairing import files_by_stem, natural_key, refuse_unpaired
from keras_hanet.data.sample import Sample
from keras_hanet.data.tables import find_table, read_diagnosis, read_table, require_rows
from keras_hanet.errors import InputError

_MASK = re.compile(r"(?P<image>.+)_(?P<kind>tumor|other)\d*")


def recognise(folder):
    """Whether `images_and_masks/` is there."""
    return (Path(folder) / "images_and_masks").is_dir()


def read(folder, faults=None):
    """List the samples of BrEaST or of a part of it.

    Args:
        folder: path that holds `images_and_masks/` and the table.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in natural order of the ids ("case001"); each case is one patient.

    Raises:
        InputError: if the table is missing or still a spreadsheet, an image has no row, a lesion image
            has no tumour mask, or a mask has no image.
    """
    folder = Path(folder)
    images, tumours, orphans = {}, {}, []
    files = files_by_stem(folder / "images_and_masks")
    for stem, path in files.items():
        match = _MASK.fullmatch(stem)
        if match is None:
            images[stem] = path
        elif match["image"] not in files:
            orphans.append(path)
        elif match["kind"] == "tumor":
            tumours.setdefault(match["image"], []).append(path)
    diagnoses = _read_diagnoses(folder, images, faults)
    lesions = [stem for stem in images if diagnoses.get(stem, "normal") != "normal"]
    without_mask = [images[stem] for stem in lesions if stem not in tumours]
    refuse_unpaired(folder, without_mask, orphans, faults)
    return [
        Sample(
            id=stem,
            image=images[stem],
            masks=tuple(tumours.get(stem, ())),
            diagnosis=diagnoses[stem],
            patient=stem,
            group=stem,
            source="breast",
        )
        for stem in sorted(images, key=natural_key)
        if stem in diagnoses and images[stem] not in without_mask
    ]


def _read_diagnoses(folder, images, faults):
    table = find_table(folder, ("classification",))
    if table is None:
        raise InputError(
            f"{folder}: expected a CSV table with the columns Image_filename (or CaseID) and Classification, "
            "found none; open the released .xlsx sheet and save it there as CSV"
        )
    diagnoses = {}
    for row in read_table(table, ("classification",)):
        stem = _image_stem(row)
        diagnoses[stem] = read_diagnosis(row["classification"], f"{table}, {stem}")
    require_rows(table, images, diagnoses, faults)
    return diagnoses


def _image_stem(row):
    if row.get("image_filename"):
        return Path(row["image_filename"]).stem
    case = row.get("caseid", "")
    return f"case{int(case):03d}" if case.isdecimal() else case
