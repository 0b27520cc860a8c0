"""The small model as a SavedModel, in a session, and files of images of many kinds and sizes."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from small_model import METADATA, make_small_model
from stand_in_server import ServedSession

from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.inference import Predictor
from keras_hanet.serving.graph import save
from keras_hanet.serving.warmup import write_warm_up

SHAPES = ((280, 310), (64, 64), (40, 200), (199, 47), (61, 63), (500, 620), (33, 32))


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def draw_files():
    """{name: file}: phantoms at every shape, as grey, colour, palette and with transparency, PNG, JPEG and BMP."""
    files = {}
    for number, (height, width) in enumerate(SHAPES):
        rng = np.random.default_rng(number)
        phantom, _ = draw_phantom("benign", rng, max(height, 300), max(width, 300))
        grey = Image.fromarray(phantom).resize((width, height))
        tint = np.asarray(grey)[..., None] * np.array([1.0, 0.9, 0.7])
        colour = Image.fromarray(tint.astype(np.uint8))
        alpha = Image.fromarray(np.tile(np.linspace(40, 255, width).astype(np.uint8), (height, 1)))
        files |= {
            f"grey {number}": encode(grey),
            f"colour {number}": encode(colour),
            f"palette {number}": encode(colour.quantize(64)),
            f"four bits {number}": encode(colour.quantize(12), bits=4),
            f"alpha {number}": encode(Image.merge("RGBA", (*colour.split(), alpha))),
            f"jpeg {number}": encode(colour, "JPEG", quality=90),
            f"bmp {number}": encode(colour, "BMP"),
        }
    return files


@pytest.fixture(scope="session")
def files():
    return draw_files()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The small model: Keras model, predictor, folder of its SavedModel and the session that runs it."""
    folder = tmp_path_factory.mktemp("served") / "3"
    model = make_small_model()
    save(model, METADATA, folder)
    write_warm_up(folder, METADATA.size)
    predictor = Predictor.from_keras(model, METADATA)
    return SimpleNamespace(model=model, predictor=predictor, folder=folder, session=ServedSession(folder))


@pytest.fixture
def session(served):
    """The session, with no failures planned."""
    served.session.failures, served.session.num_requests = [], 0
    return served.session
