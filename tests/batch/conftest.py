import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from layouts import save

from keras_hanet.batch.shards import Job, hash_model, make_shards
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.models.weights import shipped_folder


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The shipped model without its record of reliability, which asks for three more runs a frame."""
    folder = tmp_path_factory.mktemp("model")
    for name in ("model.tflite", "metadata.json"):
        shutil.copy(shipped_folder("cart") / name, folder)
    return folder


@pytest.fixture(scope="session")
def phantom_files(tmp_path_factory):
    """Six phantoms of 128 x 128 pixels."""
    folder = tmp_path_factory.mktemp("phantoms")
    for number in range(6):
        diagnosis = ("benign", "malignant", "normal")[number % 3]
        save(folder / f"{number}.png", draw_phantom(diagnosis, np.random.default_rng(number), 128, 128)[0])
    return sorted(folder.iterdir())


@pytest.fixture
def archive(tmp_path, phantom_files):
    """Five phantoms in two folders, a text that is called an image, and an image that was cut off."""
    folder = tmp_path / "archive"
    (folder / "deep").mkdir(parents=True)
    for number in range(5):
        shutil.copy(phantom_files[number], folder / ("deep" if number % 2 else ".") / f"{number}.png")
    (folder / "bad.png").write_bytes(b"no image")
    (folder / "cut.png").write_bytes(phantom_files[5].read_bytes()[:1000])
    return folder


@pytest.fixture
def job(tmp_path, archive, model):
    return Job(archive, tmp_path / "out", str(model), hash_model(model))


@pytest.fixture
def shards(job):
    """Of the archive, three files each: bad, 0, 2 | 4, cut, deep/1 | deep/3, in the order of bytes."""
    return make_shards(job, [path for path in job.root.rglob("*.png") if path.is_file()], 3)


@pytest.fixture
def bytes_of():
    """A function: {name below the folder: bytes} of all Parquet and PNG files."""

    def read(folder):
        paths = (path for path in Path(folder).rglob("*") if path.suffix in (".parquet", ".png"))
        return {os.fsdecode(path.relative_to(folder)): path.read_bytes() for path in paths}

    return read
