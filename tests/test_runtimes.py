"""Every runtime gives what the Keras model gives; what is no model is refused with a sentence."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from small_model import make_small_model

from keras_hanet.errors import InputError
from keras_hanet.runtimes import find_model_file, load_runtime

FILES = ("model.tflite", "model.onnx", "model.xml", "saved_model.pb")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 3)).astype(np.float32)


@pytest.mark.parametrize("num_threads", [None, 1])
@pytest.mark.parametrize("name", FILES)
def test_probability_and_diagnosis_are_those_of_keras(name, num_threads, runtime_files, images):
    if name == "saved_model.pb" and num_threads:
        pytest.skip("TensorFlow runs already in this process; the next test has one of its own")
    logits = make_small_model(num_classes=3)
    logits.set_weights(runtime_files["weights"])
    expected = {key: keras.ops.convert_to_numpy(value) for key, value in logits(images).items()}
    found = load_runtime(runtime_files[name], num_threads)(images)
    assert set(found) == {"probability", "diagnosis"}
    assert found["probability"].shape == (3, 64, 64, 1)
    assert found["probability"].dtype == found["diagnosis"].dtype == np.float32
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-expected["segmentation"])), atol=1e-5)
    powers = np.exp(expected["diagnosis"])
    np.testing.assert_allclose(found["diagnosis"], powers / powers.sum(axis=1, keepdims=True), atol=1e-5)
    assert len(load_runtime(runtime_files[name])(images[:1])["probability"]) == 1, "the batch is free"


@pytest.mark.slow
def test_tensorflow_takes_its_threads_in_a_process_of_its_own(runtime_files):
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "from keras_hanet.runtimes import load_runtime\n"
        "load_runtime(sys.argv[1], 1)(np.zeros((1, 64, 64, 3), np.float32))\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads())\n"
    )
    command = [sys.executable, "-c", code, str(runtime_files["saved_model.pb"])]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


def test_other_number_of_threads_is_refused_once_tensorflow_runs(runtime_files):
    keras.ops.zeros(1)
    with pytest.raises(InputError, match="TensorFlow runs already and takes no other number of threads, got 77"):
        load_runtime(runtime_files["saved_model.pb"], 77)


@pytest.mark.parametrize("name", FILES)
def test_damaged_file_is_refused(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"no model at all")
    with pytest.raises(InputError, match=rf"{name}: expected an exported model, .*; export it again"):
        load_runtime(path)


def test_model_file_is_found_in_its_folder(tmp_path):
    (tmp_path / "metadata.json").write_text("{}")
    (tmp_path / "model.onnx").write_bytes(b"x")
    assert find_model_file(tmp_path) == find_model_file(tmp_path / "model.onnx") == tmp_path / "model.onnx"


def test_folder_with_two_models_is_refused(tmp_path):
    for name in ("model.onnx", "model.tflite"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"expected one model in the folder, found model\.tflite, model\.onnx"):
        find_model_file(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "picture.png"])
def test_what_is_no_model_is_refused(name, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(InputError, match=f"{name}: expected a shipped model's name"):
        find_model_file(tmp_path / name)


def test_folder_of_several_exports_names_them(tmp_path):
    for name in ("onnx", "tflite_int8"):
        (tmp_path / name).mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"x")
    (tmp_path / "tflite_int8" / "model.tflite").write_bytes(b"x")
    with pytest.raises(InputError, match="found it in folders below; give one: onnx, tflite_int8"):
        find_model_file(tmp_path)
