import io
import shutil

import numpy as np
from PIL import Image
from small_model import METADATA, SIZE

from keras_hanet.serving.warmup import WARM_UP_FILE, read_warm_up, write_warm_up


def test_requests_are_for_both_signatures_alone_and_by_eight(served):
    requests = read_warm_up(served.folder)
    shapes = [
        (request.model_spec.name, request.model_spec.signature_name, name, [d.size for d in value.tensor_shape.dim])
        for request in requests
        for name, value in request.inputs.items()
    ]
    assert shapes == [
        ("hanet", "serving_default", "image", [1, SIZE, SIZE, 3]),
        ("hanet", "serving_default", "image", [8, SIZE, SIZE, 3]),
        ("hanet", "serve_bytes", "image_bytes", [1]),
        ("hanet", "serve_bytes", "image_bytes", [8]),
    ]


def test_the_file_lies_where_the_server_looks(served):
    assert WARM_UP_FILE == "assets.extra/tf_serving_warmup_requests"
    assert sorted(path.name for path in (served.folder / "assets.extra").iterdir()) == ["tf_serving_warmup_requests"]


def test_every_request_is_answered_in_the_servers_way(served, session):
    one, eight, one_file, eight_files = [session.replay(request) for request in read_warm_up(served.folder)]
    assert one["probability"].shape[0] == 1
    assert eight["probability"].shape[0] == 8
    assert one_file["valid"].tolist() == [True]
    assert eight_files["valid"].tolist() == [True] * 8
    # Files and images are the same phantoms.
    expected = served.predictor.to_prediction(eight["probability"][5, ..., 0], (480, 560)).mask
    mask = np.asarray(Image.open(io.BytesIO(eight_files["mask_png_bytes"][5]))) // 255
    # Measured: none of this image, at most three pixels of the eight.
    assert np.mean(mask != expected) < 1e-3
    assert 0 < mask.mean() < 1


def test_name_and_size_are_the_callers_and_an_earlier_file_goes(tmp_path, served):
    shutil.copytree(served.folder, tmp_path / "model")
    path = write_warm_up(tmp_path / "model", 32, model="cart")
    assert path == tmp_path / "model" / WARM_UP_FILE
    requests = read_warm_up(tmp_path / "model")
    assert {request.model_spec.name for request in requests} == {"cart"}
    assert [dim.size for dim in requests[0].inputs["image"].tensor_shape.dim] == [1, 32, 32, 3]
    assert METADATA.size != 32
