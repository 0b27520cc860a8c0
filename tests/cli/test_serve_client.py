import csv

import numpy as np
import pytest
from PIL import Image
from small_model import METADATA, make_small_model
from stand_in_server import ServedSession, grpc_server, rest_server

from keras_hanet.cli.serve_client import COLUMNS
from keras_hanet.data.preprocessing import decode_image
from keras_hanet.inference import Predictor
from keras_hanet.outputs.tables import FRAME_COLUMNS
from keras_hanet.serving import client as client_module
from keras_hanet.serving.graph import save


@pytest.fixture(scope="module")
def model():
    return make_small_model()


@pytest.fixture(scope="module")
def server(tmp_path_factory, model):
    """Flags that lead to a server of the small model, by gRPC and by REST."""
    folder = tmp_path_factory.mktemp("served") / "3"
    save(model, METADATA, folder)
    session = ServedSession(folder)
    with grpc_server(session) as by_grpc, rest_server(session) as by_rest:
        yield {"grpc": ("--server", by_grpc), "rest": ("--server", by_rest, "--rest")}


@pytest.fixture
def no_waits(monkeypatch):
    monkeypatch.setattr(client_module.time, "sleep", lambda seconds: None)


def rows_of(output):
    with (output / "served.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_masks_and_a_table_come_from_the_server(tmp_path, hanet, server, model, samples, phantoms, transport):
    output = tmp_path / "out"
    done = hanet("serve-client", phantoms, *server[transport], "--output", output)
    assert done.code == 0, done.err
    assert done.out == ""
    assert f"24 images: masks and served.csv are in {output}" in done.err
    assert "Research use only, not a medical device." in done.err
    rows = {row["image"]: row for row in rows_of(output)}
    assert set(rows) == {str(sample.image) for sample in samples}
    predictions = Predictor.from_keras(model, METADATA).predict([decode_image(sample.image) for sample in samples])
    for sample, prediction in zip(samples, predictions, strict=True):
        mask = np.asarray(Image.open(output / "masks" / sample.image.relative_to(phantoms)))
        assert set(np.unique(mask)) <= {0, 255}
        # Measured: none.
        assert np.mean(mask // 255 != prediction.mask) < 1e-3
        row = rows[str(sample.image)]
        assert (int(row["height_px"]), int(row["width_px"])) == mask.shape
        assert int(row["lesion_area_px"]) == np.count_nonzero(mask)
        assert float(row["lesion_share"]) == pytest.approx(np.count_nonzero(mask) / mask.size, abs=1e-6)
        assert float(row["largest_probability"]) == pytest.approx(prediction.probability.max(), abs=0.02)
        assert float(row["mean_probability"]) == pytest.approx(prediction.probability.mean(), abs=2e-3)
    assert hanet("serve-client", phantoms, *server[transport], "--output", output).code == 0  # its own masks go


def test_a_corrupt_image_leaves_the_good_ones_written(tmp_path, hanet, refused, server, scans):
    (scans / "images" / "scan3.png").write_bytes(b"cut off")
    output = tmp_path / "out"
    words = ("serve-client", scans / "images", *server["rest"], "--output", output)
    done = refused(*words, says=["1 of 6 images could not be read"])
    assert f"left out: {scans / 'images' / 'scan3.png'}: the server reads 8-bit PNG, JPEG and BMP files" in done.err
    assert len(rows_of(output)) == 5
    assert len(list((output / "masks").iterdir())) == 5


def test_no_server_is_exit_code_1_and_one_line(tmp_path, hanet, scans, no_waits):
    words = ("serve-client", scans / "images", "--rest", "--server", "127.0.0.1:9", "--output", tmp_path / "out")
    done = hanet(*words)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("hanet: 127.0.0.1:9: no answer after 4 attempts (")
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--model", "other"), "the server has no model 'other'"),
        (("--model-version", "9"), "check its name"),
        (("--retries", "-1"), "retries=-1"),
        (("--timeout-s", "0"), "timeout_s above 0"),
        (("--server", "nowhere"), "expected a server as host:port"),
    ],
)
def test_mistakes_are_exit_code_2(tmp_path, refused, server, scans, flags, says):
    words = ("serve-client", scans / "images", *server["rest"], "--output", tmp_path / "out", *flags)
    refused(*words, says=[says])


def test_masks_of_somebody_else_are_not_overwritten(tmp_path, refused, scans):
    says = ["holds masks that no earlier serve-client wrote"]
    refused("serve-client", scans / "images", "--rest", "--output", scans, says=says)


def test_images_that_are_not_there_are_refused(tmp_path, refused):
    refused("serve-client", tmp_path / "none.png", "--rest", says=["no such file or folder; check the path"])


def test_the_table_says_what_predict_says_in_its_words():
    assert set(COLUMNS) - {"mean_probability"} <= set(FRAME_COLUMNS)


def test_http_without_rest_is_refused_before_anything_is_asked(tmp_path, phantoms, refused):
    words = ("serve-client", phantoms, "--server", "http://localhost:8501", "--output", tmp_path / "predictions")
    refused(*words, says=["expected HOST:PORT for gRPC, got http://localhost:8501; for http give --rest as well"])
