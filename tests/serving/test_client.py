import contextlib
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from stand_in_server import SLOW_S, VERSION, grpc_server, http_server, rest_server

from keras_hanet.data.preprocessing import decode_image
from keras_hanet.errors import FailedError, InputError
from keras_hanet.serving import client as client_module
from keras_hanet.serving.client import BATCH_SIZE, Client

SERVERS = {"grpc": grpc_server, "rest": rest_server}


@pytest.fixture(scope="module", params=["grpc", "rest"])
def server(request, served):
    """The transport and the address of a server that speaks it."""
    with SERVERS[request.param](served.session) as address:
        yield request.param, address


@pytest.fixture
def connect(server, session):
    """A function that makes a client of the server, whose session has no failures planned."""
    transport, address = server
    return lambda **options: Client(address, transport=transport, **options)


@pytest.fixture
def waits(monkeypatch):
    """How long the client waited between attempts, in seconds; it did not truly wait."""
    seconds = []
    monkeypatch.setattr(client_module.time, "sleep", seconds.append)
    return seconds


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


# === Answers ===


def test_masks_are_those_of_the_predictor(connect, served, session, files):
    predictions = connect().predict_bytes(files.values())
    expected = served.predictor.predict([decode_image(file) for file in files.values()])
    assert session.num_requests == -(-len(files) // BATCH_SIZE)
    for found, wanted in zip(predictions, expected, strict=True):
        assert found.valid
        assert (found.mask.dtype, found.mask.shape) == (np.uint8, wanted.mask.shape)
        assert set(np.unique(found.mask)) <= {0, 1}
        # Measured: at most 0.03 %, three pixels of 199 x 47; none of most images.
        assert np.mean(found.mask != wanted.mask) < 1e-3
        assert (found.height, found.width) == wanted.mask.shape
        assert found.lesion_area_px == found.mask.sum()
        assert found.lesion_share == pytest.approx(found.mask.mean(), abs=1e-6)
        assert found.largest_probability == pytest.approx(wanted.probability.max(), abs=1e-3)
        assert found.mean_probability == pytest.approx(wanted.probability.mean(), abs=5e-4)


def test_a_corrupt_image_is_not_valid_and_the_others_are(connect, files):
    good, bad, last = connect().predict_bytes([files["grey 0"], b"no image", files["jpeg 5"]])
    assert (good.valid, bad.valid, last.valid) == (True, False, True)
    assert bad.mask is None
    assert (bad.height, bad.width, bad.lesion_area_px, bad.lesion_share, bad.largest_probability) == (0, 0, 0, 0, 0)
    assert last.mask.shape == (500, 620)


def test_files_are_read(connect, tmp_path, files):
    (tmp_path / "a.png").write_bytes(files["grey 2"])
    (prediction,) = connect().predict_files([tmp_path / "a.png"])
    assert prediction.mask.shape == (40, 200)
    with pytest.raises(InputError, match=r"b\.png: no such file; check the path"):
        connect().predict_files([tmp_path / "a.png", tmp_path / "b.png"])


def test_nothing_is_asked_about_no_images(connect, session):
    assert connect().predict_bytes([]) == []
    assert session.num_requests == 0


# === Retries ===


def test_a_server_that_is_loading_is_asked_again(connect, session, files, waits):
    session.failures = ["unavailable", "unavailable"]
    (prediction,) = connect().predict_bytes([files["grey 0"]])
    assert prediction.valid
    assert session.num_requests == 3
    assert waits == [0.2, 0.4]


def test_a_server_that_stays_unavailable_is_given_up(connect, server, session, files, waits):
    session.failures = ["unavailable"] * 5
    with pytest.raises(FailedError, match=r"no answer after 4 attempts.*the model is loading.*is the server running"):
        connect().predict_bytes([files["grey 0"]])
    assert session.num_requests == 4
    assert waits == [0.2, 0.4, 0.8]


def test_a_slow_answer_is_cut_off_and_asked_for_again(connect, session, files, waits):
    session.failures = ["slow"]
    (prediction,) = connect(timeout_s=SLOW_S - 0.5, retries=2).predict_bytes([files["grey 4"]])
    assert prediction.valid
    assert waits[:1] == [0.2]


def test_a_deadline_holds(connect, session, files, waits):
    session.failures = ["slow"]
    start = time.perf_counter()
    with pytest.raises(FailedError, match="no answer after 1 attempts"):
        connect(timeout_s=0.2, retries=0).predict_bytes([files["grey 4"]])
    assert time.perf_counter() - start < SLOW_S - 0.2
    assert waits == []


def test_a_refusal_is_final(connect, session, files, waits):
    session.failures = ["refused"]
    with pytest.raises(FailedError, match=r"the server refused the request .*input size does not match signature"):
        connect().predict_bytes([files["grey 0"]])
    assert (session.num_requests, waits) == (1, [])


# === Mistakes ===


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_no_server_is_a_sentence(transport, waits):
    with pytest.raises(FailedError, match=r"no answer after 2 attempts \(.*refused.*\); is the server running there\?"):
        Client(f"127.0.0.1:{free_port()}", transport=transport, retries=1).predict_bytes([b"x"])
    assert waits == [0.2]


def test_a_version_may_be_asked_for(connect, files):
    (prediction,) = connect(version=VERSION).predict_bytes([files["grey 0"]])
    assert prediction.valid


@pytest.mark.parametrize("options", [{"model": "other"}, {"version": VERSION + 1}])
def test_a_model_that_is_not_there_is_the_users_mistake(connect, session, files, waits, options):
    with pytest.raises(InputError, match=r"the server has no model '.*' of that version .*; check its name"):
        connect(**options).predict_bytes([files["grey 0"]])
    assert (session.num_requests, waits) == (1, [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"address": "localhost"}, "expected a server as host:port, for example localhost:8500, got 'localhost'"),
        ({"transport": "soap"}, "transport must be one of grpc, rest, got 'soap'"),
        ({"timeout_s": 0}, "timeout_s above 0"),
        ({"retries": -1}, "retries=-1"),
        ({"version": 0}, "version of 1 or more"),
    ],
)
def test_arguments_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Client(**{"address": "localhost:8501", "transport": "rest", **options})


@contextlib.contextmanager
def replying(body):
    """Address of a server that gives one reply to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with http_server(Handler) as address:
        yield address


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>hello</html>", "the answer is not TensorFlow Serving's"),
        (b'{"outputs": 1}', "the answer is not TensorFlow Serving's"),
        (b'{"predictions": [[0.5]]}', "the answer is not TensorFlow Serving's"),
        (b'{"predictions": [{"mask_png_bytes": {"b64": "AAAA"}}]}', "not that of a model of this package .KeyError"),
        (b'{"predictions": []}', "1 images were sent and 0 answers came back"),
    ],
)
def test_another_kind_of_server_is_recognised(body, message):
    with replying(body) as address, pytest.raises(FailedError, match=message):
        Client(address, transport="rest").predict_bytes([b"x"])


def test_a_damaged_mask_is_recognised():
    row = (
        b'{"mask_png_bytes": {"b64": "AAAA"}, "valid": true, "height": 1, "width": 1, "largest_probability": 0, '
        b'"mean_probability": 0, "lesion_area_px": 0, "lesion_share": 0}'
    )
    with replying(b'{"predictions": [' + row + b"]}") as address:
        client = Client(f"http://{address}", transport="rest")
        with pytest.raises(FailedError, match=r"not that of a model of this package .UnidentifiedImageError"):
            client.predict_bytes([b"x"])


def test_rest_needs_neither_tensorflow_nor_grpc():
    program = (
        "import sys\n"
        "from keras_hanet.cli import serve_client\n"
        "from keras_hanet.serving.client import Client\n"
        "Client('localhost:8501', transport='rest')\n"
        "print({'tensorflow', 'keras', 'grpc'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
