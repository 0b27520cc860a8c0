import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from small_model import METADATA, SIZE, make_small_model
from stand_in_server import ServedSession

from keras_hanet.data.preprocessing import decode_image, resize_image
from keras_hanet.inference import Predictor
from keras_hanet.serving.client import SERVE_BYTES, make_request
from keras_hanet.serving.graph import ServedModel, save, save_fixed_batch

SUMMARY = ("valid", "height", "width", "largest_probability", "mean_probability", "lesion_area_px", "lesion_share")
TOOL = Path(sys.executable).with_name("saved_model_cli")


def inputs_of(files):
    return np.stack([resize_image(decode_image(file), SIZE) for file in files.values()]).astype(np.float32)


def mask_of(content):
    return np.asarray(Image.open(io.BytesIO(content))) // 255


@pytest.fixture(scope="module")
def with_head(tmp_path_factory):
    folder = tmp_path_factory.mktemp("with_head")
    model = make_small_model(num_classes=3)
    save(model, METADATA, folder)
    return model, ServedSession(folder)


# === serving_default ===


def test_probabilities_are_those_of_the_predictor(served, session, files):
    images = inputs_of(files)
    request = make_request("hanet", "serving_default", {"image": images})
    outputs = session.replay(request)
    assert set(outputs) == {"probability"}
    assert outputs["probability"].shape == (len(files), SIZE, SIZE, 1)
    expected = served.predictor.probabilities_at_s([decode_image(file) for file in files.values()])
    # Measured: none; another processor may sum in another order.
    np.testing.assert_allclose(outputs["probability"][..., 0], expected, atol=1e-5)
    assert np.ptp(expected) > 0.9


@pytest.mark.parametrize("num", [1, 3])
def test_the_batch_is_free(session, num):
    images = np.full((num, SIZE, SIZE, 3), 90, np.float32)
    assert session.run("serving_default", {"image": images})["probability"].shape == (num, SIZE, SIZE, 1)


def test_a_classification_head_gives_its_probabilities(with_head, files):
    model, session = with_head
    images = inputs_of(files)
    outputs = session.run("serving_default", {"image": images})
    predictor = Predictor.from_keras(model, METADATA)
    decoded = [decode_image(file) for file in files.values()]
    np.testing.assert_allclose(outputs["diagnosis"], predictor.diagnose(decoded), atol=1e-5)
    np.testing.assert_allclose(outputs["diagnosis"].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(outputs["probability"][..., 0], predictor.probabilities_at_s(decoded), atol=1e-5)
    assert "diagnosis" not in session.run(SERVE_BYTES, {"image_bytes": np.array(list(files.values())[:1], object)})


# === serve_bytes ===


def test_masks_are_those_of_the_predictor(served, session, files):
    request = make_request("hanet", SERVE_BYTES, {"image_bytes": np.array(list(files.values()), object)})
    outputs = session.replay(request)
    predictions = served.predictor.predict([decode_image(file) for file in files.values()])
    assert set(outputs) == {"mask_png_bytes", *SUMMARY}
    assert outputs["valid"].all()
    num_lesions = 0
    for row, prediction in enumerate(predictions):
        mask = mask_of(outputs["mask_png_bytes"][row])
        assert mask.shape == prediction.mask.shape == (outputs["height"][row], outputs["width"][row])
        # Measured: at most 0.03 %, three pixels of 199 x 47; none of most images.
        assert np.mean(mask != prediction.mask) < 1e-3
        assert outputs["lesion_area_px"][row] == mask.sum()
        assert outputs["lesion_share"][row] == pytest.approx(mask.mean(), abs=1e-7)
        assert outputs["largest_probability"][row] == pytest.approx(prediction.probability.max(), abs=1e-3)
        assert outputs["mean_probability"][row] == pytest.approx(prediction.probability.mean(), abs=5e-4)
        num_lesions += 0 < mask.mean() < 1
    assert num_lesions > len(files) / 2


def test_a_corrupt_image_fails_alone(session, files):
    good = [files["colour 0"], files["jpeg 3"], files["bmp 5"], files["alpha 4"]]
    mixed = [good[0], good[0][:5000], good[1], b"", good[2], good[3]]
    alone = session.run(SERVE_BYTES, {"image_bytes": np.array(good, object)})
    outputs = session.replay(make_request("hanet", SERVE_BYTES, {"image_bytes": np.array(mixed, object)}))
    valid = [True, False, True, False, True, True]
    assert outputs["valid"].tolist() == valid
    for name, values in outputs.items():
        # The order of float32 sums may depend on the size of the batch.
        if values.dtype == np.float32:
            np.testing.assert_allclose(values[valid], alone[name], rtol=1e-5)
        else:
            np.testing.assert_array_equal(values[valid], alone[name])
    for name in SUMMARY:
        assert not outputs[name][[1, 3]].any()
    assert outputs["mask_png_bytes"][[1, 3]].tolist() == [b"", b""]


def test_corrupt_images_alone(session):
    outputs = session.run(SERVE_BYTES, {"image_bytes": np.array([b"", b"text"], object)})
    assert outputs["valid"].tolist() == [False, False]
    assert outputs["height"].tolist() == [0, 0]


def test_requests_at_the_same_time_do_not_mix(session, files):
    groups = [np.array(list(files.values())[start : start + 3], object) for start in range(0, 30, 3)]
    expected = [session.run(SERVE_BYTES, {"image_bytes": group})["lesion_area_px"].tolist() for group in groups]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda group: session.run(SERVE_BYTES, {"image_bytes": group}), groups))
    assert [outputs["lesion_area_px"].tolist() for outputs in found] == expected


# === Files ===


def test_each_variable_is_stored_once(tmp_path):
    image = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(128, 9, strides=8)(image)
    x = keras.layers.UpSampling2D(8, name="up")(keras.layers.Conv2DTranspose(1, 2)(x))
    model = keras.Model(image, x)
    save(model, METADATA, tmp_path / "once")
    model.export(tmp_path / "by_keras", verbose=False)
    num_bytes = 4 * model.count_params()
    assert num_bytes > 100_000
    stored = {
        folder: sum(file.stat().st_size for file in (tmp_path / folder / "variables").iterdir())
        for folder in ("once", "by_keras")
    }
    # Measured: 1.01 and 2.02 times.
    assert num_bytes <= stored["once"] < 1.1 * num_bytes
    assert stored["by_keras"] > 1.9 * num_bytes


def test_the_module_answers_as_its_saved_model(served, session, files):
    module = ServedModel(served.model, METADATA)
    images = inputs_of(files)[:4]
    np.testing.assert_allclose(
        module.probability(images)["probability"], session.run("serving_default", {"image": images})["probability"],
        atol=1e-5,
    )
    content = np.array(list(files.values())[:4], object)
    areas = module.serve_bytes(tf.constant(content))["lesion_area_px"]
    np.testing.assert_array_equal(areas, session.run(SERVE_BYTES, {"image_bytes": content})["lesion_area_px"])


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_fixed_batch_becomes_tflite_that_answers_the_same(tmp_path, served, files, batch_size):
    from ai_edge_litert.interpreter import Interpreter

    save_fixed_batch(served.model, METADATA, tmp_path / "fixed", batch_size)
    assert SERVE_BYTES not in ServedSession(tmp_path / "fixed").signatures
    content = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "fixed")).convert()
    run = Interpreter(model_content=content).get_signature_runner("serving_default")
    assert run.get_input_details()["image"]["shape"].tolist() == [batch_size, SIZE, SIZE, 3]
    images = inputs_of(files)[:batch_size]
    expected = served.predictor.probabilities_at_s([decode_image(file) for file in list(files.values())[:batch_size]])
    np.testing.assert_allclose(run(image=images)["probability"][..., 0], expected, atol=1e-5)


def test_saved_model_cli_names_the_tensors(served):
    if not TOOL.is_file():
        pytest.skip("TensorFlow's saved_model_cli is not beside this Python")
    command = [TOOL, "show", "--dir", served.folder, "--all"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    words = done.stdout.split()
    for name in ("serving_default", SERVE_BYTES):
        assert f"signature_def['{name}']:" in words
    for name in ("image", "image_bytes"):
        assert f"inputs['{name}']" in words
    for name in ("probability", "mask_png_bytes", *SUMMARY):
        assert f"outputs['{name}']" in words
    assert "shape: (-1, 64, 64, 3)" in done.stdout
    assert "shape: (-1, 64, 64, 1)" in done.stdout
    assert words.count("tensorflow/serving/predict") == 2
