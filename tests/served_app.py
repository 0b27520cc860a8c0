"""A server on loopback for the tests, and predictors whose answer can be seen in the image."""

import contextlib
import io
import socket
import threading

import httpx
import numpy as np
import uvicorn
from PIL import Image

from keras_hanet.app.server import create_app
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

SIZE = 64


def make_predictor(threshold=0.5, min_lesion_share=0.0):
    """The probability of a pixel is its grey over 255; an image of 64 x 64 is not resized."""
    metadata = Metadata(SIZE, threshold, min_lesion_share, "grey is probability")
    return Predictor.from_function(lambda images: images[..., 0] / 255, metadata)


def draw_scan(height=SIZE, width=SIZE):
    """(H, W) uint8: black, and 10 rows of 20 pixels that are 200, within them 4 rows of 8 that are 250."""
    image = np.zeros((height, width), np.uint8)
    image[10:20, 30:50] = 200
    image[13:17, 36:44] = 250
    return image


def to_file(image, kind="PNG", **options):
    """An array as the bytes of an image file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


@contextlib.contextmanager
def serving(service, hosts=()):
    """Run a service on a free port of loopback: the address of its page."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(service, hosts), access_log=False, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        assert not thread.is_alive()


@contextlib.contextmanager
def connected(service, hosts=()):
    """A client of a served service."""
    with serving(service, hosts) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client
