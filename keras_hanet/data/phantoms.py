"""Data sets of phantoms, for tests and first steps without patient data.

They stand in for no patient: no score on phantoms says anything about the clinic.
"""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.errors import InputError
from keras_hanet.files import read_json, write_json

VERSION = 1
RECORD_NAME = "phantoms.json"
# Ten images in a row hold five benign, three malignant and two normal ones, about the shares of BUSI.
_CYCLE = (
    *("benign", "malignant", "benign", "normal", "benign"),
    *("malignant", "benign", "normal", "benign", "malignant"),
)
_HEIGHTS = (280, 400)
_WIDTHS = (300, 420)


def write_phantoms(folder, num=120, seed=0, progress=None):
    """Write a data set of phantoms in the layout of BUSI.

    `benign/benign (1).png`, `benign/benign (1)_mask.png` (0 or 255) and so on; half of the images are
    benign, three in ten malignant, one in five normal. The i-th image depends on `seed` and i only, so a
    larger set holds the smaller one. `phantoms.json` is the record of what was written.

    Args:
        folder: path to be made; it appears when all of it is written. One that the same `num` and `seed`
            filled before is taken as it is.
        num: number of images, 1 or more.
        seed: 0 or larger.
        progress: function that is given the range of images and gives it back while it shows a progress
            bar, such as `tqdm`; None shows nothing.

    Returns:
        The folder's `Path`.

    Raises:
        InputError: if `num` or `seed` is too small, or the folder holds something else.
    """
    if num < 1 or seed < 0:
        raise InputError(f"expected num of 1 or more and seed of 0 or more, got num={num} and seed={seed}")
    folder = Path(folder)
    record = {"num": num, "seed": seed, "version": VERSION}
    if folder.exists() and _holds(folder, record):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{os.getpid()}.part-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        for diagnosis in DIAGNOSES:
            (temporary / diagnosis).mkdir(parents=True)
        for index in (progress or iter)(range(num)):
            _write_phantom(temporary, index, seed)
        write_json(temporary / RECORD_NAME, record)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _holds(folder, record):
    """Whether `folder` is the data set of `record` (True) or empty (False); anything else is refused."""
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder for phantoms, got a file; choose another path")
    if not any(folder.iterdir()):
        return False
    try:
        found = read_json(folder / RECORD_NAME, "choose another folder")
    except (FileNotFoundError, InputError):
        found = "something else"
    if found != record:
        raise InputError(
            f"{folder}: expected an empty folder or the phantoms {record}, got {found}; "
            "choose another folder or delete this one"
        )
    return True


def _write_phantom(folder, index, seed):
    diagnosis = _CYCLE[index % len(_CYCLE)]
    rng = np.random.default_rng([seed, index])
    height, width = int(rng.integers(*_HEIGHTS)), int(rng.integers(*_WIDTHS))
    image, mask = draw_phantom(diagnosis, rng, height, width)
    cycles, position = divmod(index, len(_CYCLE))
    number = cycles * _CYCLE.count(diagnosis) + _CYCLE[: position + 1].count(diagnosis)
    name = f"{diagnosis} ({number})"
    Image.fromarray(image).save(folder / diagnosis / f"{name}.png")
    Image.fromarray(255 * mask).save(folder / diagnosis / f"{name}_mask.png")
