"""BUSI, "Dataset_BUSI_with_GT": class folders with images and masks side by side.

W. Al-Dhabyani et al., "Dataset of breast ultrasound images", Data in Brief 28 (2020) 104863.

    benign/benign (1).png  benign/benign (1)_mask.png  benign/benign (100)_mask_1.png
    malignant/...  normal/...
    duplicates.csv (group, kind, file, class, similarity)             optional: images of one frame
    related.csv (file_a, class_a, file_b, class_b, similarity)        optional: neighbouring frames

Every mask of an image counts: 17 images of the release have more than one. Patients were never
published, so the two tables make the groups.
"""

import re
from pathlib import Path

from keras_hanet.data.groups import group_links, pair_links, regroup
from keras_hanet.data.pairing import files_by_stem, natural_key, refuse_unpaired
from keras_hanet.data.sample import DIAGNOSES, Sample
from keras_hanet.errors import InputError

_MASK = re.compile(r"(?P<image>.+)_mask(_\d+)?")


def recognise(folder):
    """Whether a class folder holds a file with `_mask` in its name."""
    return any(next((Path(folder) / diagnosis).glob("*_mask*"), None) for diagnosis in DIAGNOSES)


def read(folder, faults=None):
    """List the samples of BUSI or of a part of it.

    Args:
        folder: path that holds the class folders; a class may be absent.
        faults: a list that takes a `Finding` for each file without its partner, which is then left out, instead of
            an error; None for the error.

    Returns:
        A list of `Sample` in natural order of the ids ("benign (2)" before "benign (10)").

    Raises:
        InputError: if a lesion image has no mask, a mask has no image, two classes hold files of one
            name, or a table lacks a column. A normal image may come without a mask.
    """
    folder = Path(folder)
    samples = {}
    for diagnosis in DIAGNOSES:
        if (folder / diagnosis).is_dir():
            for sample in _read_class(folder / diagnosis, diagnosis, faults):
                if sample.id in samples:
                    raise InputError(
                        f"{folder}: expected names that are unique over the class folders, got {sample.id!r} "
                        f"in {samples[sample.id].diagnosis}/ and {diagnosis}/; rename one of them"
                    )
                samples[sample.id] = sample
    samples = sorted(samples.values(), key=lambda sample: natural_key(sample.id))
    links = []
    if (folder / "duplicates.csv").is_file():
        links += group_links(samples, folder / "duplicates.csv")
    if (folder / "related.csv").is_file():
        links += pair_links(samples, folder / "related.csv")
    return regroup(samples, links)


def _read_class(folder, diagnosis, faults):
    images, masks = {}, {}
    for stem, path in files_by_stem(folder).items():
        match = _MASK.fullmatch(stem)
        if match:
            masks.setdefault(match["image"], []).append(path)
        else:
            images[stem] = path
    without_mask = [images[stem] for stem in images if stem not in masks and diagnosis != "normal"]
    orphans = [path for stem in masks if stem not in images for path in masks[stem]]
    refuse_unpaired(folder, without_mask, orphans, faults)
    return [
        Sample(
            id=stem,
            image=path,
            masks=tuple(masks.get(stem, ())),
            diagnosis=diagnosis,
            patient=None,
            group=stem,
            source="busi",
        )
        for stem, path in images.items()
        if path not in without_mask
    ]
