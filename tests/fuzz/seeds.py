"""Sound files to start from, made by code: {reader: bytes of its files}."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from dicom_variants import coded, compressed, make_dataset, make_file, make_region, noise, to_bytes
from fuzz import hostile_images
from fuzz.hostile_values import CONFIG, FOLDS, METADATA, ODD_TEXTS, RELIABILITY, SPLIT
from pydicom.uid import JPEG2000, JPEGBaseline8Bit, RLELossless
from video_phantoms import write_phantom_film

from keras_hanet.evaluation.cases import COLUMNS

ROW = {
    **dict.fromkeys(COLUMNS, ""),
    **{"id": "a", "source": "drawn", "group": "a", "height": 4, "width": 4, "dice": 0.5, "annotated": 1},
    **{"false_area_px": 0, "lesion_area_px": 3, "counted_as": "lesion case"},
}
CASES = (",".join(COLUMNS) + "\n" + ",".join(str(ROW[name]) for name in COLUMNS) + "\n").encode()


def image_seeds():
    made = (hostile_images.png, hostile_images.jpeg, hostile_images.tiff, hostile_images.bmp)
    saved = (
        *[("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")],
        *[("JPEG", mode, {"progressive": progressive}) for mode in ("L", "RGB", "CMYK") for progressive in (0, 1)],
        *[("TIFF", "RGB", {"compression": name}) for name in ("raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits")],
        *[("BMP", mode, {}) for mode in ("1", "L", "RGB")],
    )
    files = [hostile_images.encode(mode, format=kind, **options) for kind, mode, options in saved]
    return [*(make() for make in made), *files, hostile_images.animated_png(), hostile_images.bmp(packing=1)]


def keras_archive(config=None, **members):
    """A ZIP archive with the three files of a `.keras` file; `members` replaces or adds some."""
    sound = {"metadata.json": b"{}", "config.json": json.dumps(config or {}).encode(), "model.weights.h5": b""}
    files = {**sound, **members}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def dicom_seeds():
    """Ultrasound images and films of a few pixels: stored plainly, with a region, by RLE, JPEG and JPEG 2000."""
    grey, film = noise(6, 9), noise(2, 6, 9)
    region = make_region((1, 1, 7, 4))
    runs = make_dataset(np.repeat(film[..., None], 3, axis=-1), "RGB", NumberOfFrames=2)
    runs.compress(RLELossless, generate_instance_uid=False)
    return [
        make_file(grey, SequenceOfUltrasoundRegions=[region]),
        make_file(film, NumberOfFrames=2, FrameTimeVector=[0, 40]),
        make_file(grey.astype(np.uint16), WindowCenter=100, WindowWidth=50, RescaleSlope=2, RescaleIntercept=1),
        to_bytes(runs),
        compressed([coded(grey, "JPEG")], JPEGBaseline8Bit, "MONOCHROME2", (6, 9), NumberOfFrames=1),
        compressed([coded(grey, "JPEG2000", no_jp2=True)], JPEG2000, "MONOCHROME2", (6, 9), NumberOfFrames=1),
    ]


def film_seeds():
    with tempfile.TemporaryDirectory() as folder:
        return [write_phantom_film(Path(folder) / "film.mp4", 3, height=32, width=48).read_bytes()]


def seeds_of(reader):
    """The seeds of a reader of `fuzz.readers.READERS`."""
    if reader.startswith("decode"):
        return image_seeds()
    if reader == "dicom":
        return dicom_seeds()
    if reader == "film":
        return film_seeds()
    sound = {
        "metadata.json": METADATA,
        "config.json": CONFIG,
        "facts.json": {"network": CONFIG["model"]},
        "reliability.json": RELIABILITY,
        "split.json": SPLIT,
        "folds.json": FOLDS,
    }
    kind = reader.partition(" ")[0]
    if kind in sound:
        return [json.dumps(sound[kind]).encode(), *(text for text in ODD_TEXTS if len(text) < 5000)]
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}, "registered_name": None}
    others = {
        "cases.csv": CASES,
        "table.csv": b"name;size\na;1\n",
        "SHA256SUMS": b"0" * 64 + b"  model.tflite\n",
        "model.keras": keras_archive({"module": "keras", "class_name": "Functional", "config": {"layers": [layer]}}),
    }
    return [others[kind]]
