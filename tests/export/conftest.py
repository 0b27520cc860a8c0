"""The small run, and one export of it to every format, which the tests of this folder share."""

from types import SimpleNamespace

import numpy as np
import pytest
from small_model import METADATA, make_small_model, write_small_run

from keras_hanet.data.preprocessing import load_sample, resize_image
from keras_hanet.export.exporter import export_run
from keras_hanet.export.formats import FORMATS
from keras_hanet.export.source import Source


@pytest.fixture(scope="session")
def images(samples):
    """(24, 64, 64, 3) float32, 0..255: the phantoms at the small model's size."""
    return np.stack([resize_image(load_sample(sample)[0], METADATA.size) for sample in samples]).astype(np.float32)


@pytest.fixture
def source(tmp_path, images):
    (tmp_path / "scratch").mkdir()
    return Source(make_small_model(), METADATA, images, tmp_path / "scratch")


@pytest.fixture(scope="session")
def exported(tmp_path_factory, phantoms):
    """Every format of the small run: the run folder, the output folder and what the gate measured."""
    folder = tmp_path_factory.mktemp("exported")
    run_dir = write_small_run(folder / "run", phantoms)
    lines = []
    gate = export_run(run_dir, folder / "exports", list(FORMATS), "hanet export RUN", say=lines.append)
    return SimpleNamespace(run_dir=run_dir, output=folder / "exports", gate=gate, lines=lines)
