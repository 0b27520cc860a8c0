import cv2
import numpy as np
import onnxruntime
import pytest
from small_model import METADATA as SMALL_METADATA
from small_model import make_small_model
from tiny_exports import METADATA, SIZE, write_peer

from keras_hanet.benchmark import networks
from keras_hanet.errors import InputError
from keras_hanet.files import write_json
from keras_hanet.inference import Predictor


def test_network_alone_and_mask_of_an_artefact(bright, half_bright):
    network = networks.load_artefact(bright / "model.tflite", METADATA, half_bright.read_bytes(), 1)
    probability = network.run()["probability"]
    assert probability.shape == (1, SIZE, SIZE, 1)
    # 127.5 / 4 above or below, away from the edge of the halves.
    np.testing.assert_allclose(probability[0, 0, [0, 30, 33, 63], 0], [1, 1, 0, 0], atol=1e-6)
    mask = network.to_mask()
    assert mask.shape == (48, 96)
    np.testing.assert_array_equal(mask, cv2.imread(str(half_bright), cv2.IMREAD_GRAYSCALE) // 255)


def test_keras_model(tmp_path, half_bright):
    make_small_model().save(tmp_path / "model.keras")
    write_json(tmp_path / "metadata.json", vars(SMALL_METADATA))
    file = networks.find_artefact(tmp_path)
    network = networks.load_artefact(file, SMALL_METADATA, half_bright.read_bytes(), 1)
    assert network.run().shape == (1, SIZE, SIZE)
    image = cv2.cvtColor(cv2.imread(str(half_bright)), cv2.COLOR_BGR2RGB)
    expected = Predictor(tmp_path).predict([image])[0].mask
    assert 0 < expected.mean() < 1  # what is dark is lesion here
    np.testing.assert_array_equal(network.to_mask(), expected)


@pytest.mark.parametrize("shape", [("n", 3, SIZE, SIZE), (1, SIZE, SIZE, 3)])
def test_peer_gets_the_image_in_its_layout(tmp_path, half_bright, shape):
    network = networks.load_peer(write_peer(tmp_path / "peer.onnx", shape), half_bright.read_bytes(), 1)
    [output] = network.run()
    assert output.shape == (1, *shape[1:])
    row = output[0, 0] if shape[1] == 3 else output[0, ..., 0]
    # White is 1 and black 0: the peer gives their sigmoid.
    np.testing.assert_allclose(row[10, [0, 63]], [1 / (1 + np.exp(-1)), 0.5], atol=1e-6)
    assert network.to_mask is None


@pytest.mark.parametrize(
    ("shape", "dtype", "num_inputs", "got"),
    [
        ((1, 1, 64, 64), "FLOAT", 1, r"tensor\(float\) \[1, 1, 64, 64\]"),
        ((1, 3, 64, 32), "FLOAT", 1, r"\[1, 3, 64, 32\]"),
        ((1, 3, "height", "width"), "FLOAT", 1, r"'height', 'width'"),
        ((2, 3, 64, 64), "FLOAT", 1, r"\[2, 3, 64, 64\]"),
        ((1, 3, 64, 64), "DOUBLE", 1, r"tensor\(double\)"),
        ((1, 3, 64, 64), "FLOAT", 2, r"64\]; tensor\(float\)"),
        ((3, 64), "FLOAT", 1, r"\[3, 64\]"),
    ],
)
def test_peer_of_another_input_is_refused(tmp_path, half_bright, shape, dtype, num_inputs, got):
    path = write_peer(tmp_path / "peer.onnx", shape, dtype, num_inputs)
    with pytest.raises(InputError, match=rf"expected one float32 input .* got .*{got}.*; export it with such an input"):
        networks.load_peer(path, half_bright.read_bytes(), 1)


def test_damaged_peer_is_refused(tmp_path, half_bright):
    (tmp_path / "peer.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match="expected an ONNX file, and it cannot be read"):
        networks.load_peer(tmp_path / "peer.onnx", half_bright.read_bytes(), 1)


def test_peer_takes_the_number_of_threads(tmp_path, half_bright, monkeypatch):
    taken = []

    class Session(onnxruntime.InferenceSession):
        def __init__(self, file, options, **others):
            taken.append(options.intra_op_num_threads)
            super().__init__(file, options, **others)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    networks.load_peer(write_peer(tmp_path / "peer.onnx"), half_bright.read_bytes(), 2)
    assert taken == [2]


@pytest.mark.parametrize("name", ["nothing.onnx", "model.tflite"])
def test_what_is_no_peer_is_refused(bright, name):
    with pytest.raises(InputError, match=r"expected a peer's network in a \.onnx file, found none; check the path"):
        networks.find_peer(bright / name)


@pytest.mark.parametrize(
    ("name", "runtime"),
    [
        ("model.tflite", "ai_edge_litert"),
        ("model.onnx", "onnxruntime"),
        ("model.xml", "openvino"),
        ("saved_model.pb", "tensorflow"),
        ("model.keras", "keras"),
    ],
)
def test_missing_runtime_is_named(tmp_path, monkeypatch, name, runtime):
    (tmp_path / name).write_bytes(b"never read")
    monkeypatch.setattr(networks, "find_spec", lambda asked: None if asked == runtime else "there")
    with pytest.raises(ModuleNotFoundError) as caught:
        networks.find_artefact(tmp_path)
    assert caught.value.name == runtime


def test_size_counts_what_a_model_needs(tmp_path):
    sizes = {"saved_model.pb": 1, "fingerprint.pb": 2, "variables/variables.index": 4, "assets/table": 8}
    others = {"metadata.json": 100, "gate.json": 100, "model.xml": 16, "model.bin": 32, "model.tflite": 64}
    for name, size in {**sizes, **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    assert networks.file_size(tmp_path / "saved_model.pb") == 15
    assert networks.file_size(tmp_path / "model.xml") == 48
    assert networks.file_size(tmp_path / "model.tflite") == 64
