"""Metadata inside model files: read back as it was, and the model computes what it did before."""

import shutil

import numpy as np
import pytest

from keras_hanet.embedded_metadata import embed, read_embedded
from keras_hanet.errors import InputError
from keras_hanet.files import MAX_TEXT_BYTES
from keras_hanet.runtimes import load_runtime

VALUES = {"threshold": 0.4, "name": "Brustultraschall ü", "card": {"scores": [1, None, {"ci95": [0.1, 0.2]}]}}
FILES = ("model.tflite", "model.onnx", "model.xml", "saved_model.pb")


@pytest.fixture(params=FILES)
def bare(request, tmp_path, runtime_files):
    """A model file without metadata, of a folder of its own."""
    return shutil.copytree(runtime_files[request.param].parent, tmp_path / "model") / request.param


def test_file_that_holds_none_gives_none(bare):
    assert read_embedded(bare) is None


def test_what_is_embedded_is_read(bare):
    embed(bare, VALUES)
    assert read_embedded(bare) == VALUES


def test_model_computes_what_it_did_before(bare):
    image = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    before = load_runtime(bare)(image)["probability"]
    size = bare.stat().st_size
    embed(bare, VALUES)
    np.testing.assert_array_equal(load_runtime(bare)(image)["probability"], before)
    assert bare.suffix == ".pb" or bare.stat().st_size > size
    left = {path.name for path in bare.parent.iterdir()}
    assert left <= {*FILES, "model.bin", "variables", "assets", "assets.extra", "fingerprint.pb"}


@pytest.mark.parametrize("name", ["model.onnx", "model.xml"])
def test_damaged_file_is_refused(name, tmp_path):
    (tmp_path / name).write_bytes(b"no model at all")
    with pytest.raises(InputError, match=rf"{name}: the model cannot be read .*; export it again"):
        read_embedded(tmp_path / name)


def test_keras_files_hold_none(tmp_path):
    assert read_embedded(tmp_path / "model.keras") is None


def test_zip_that_is_not_ours_gives_none(tmp_path, runtime_files):
    import zipfile

    path = shutil.copy(runtime_files["model.tflite"], tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "lesion")
    assert read_embedded(path) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [(b" " * (MAX_TEXT_BYTES + 1), "at most 16,777,216 bytes"), (b"{", "expected JSON"), (b"[" * 5000, "too deeply")],
)
def test_metadata_that_would_grow_or_are_damaged_are_refused(content, message, tmp_path, runtime_files):
    import zipfile

    path = shutil.copy(runtime_files["model.tflite"], tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", content)
    with pytest.raises(InputError, match=message):
        read_embedded(path)


@pytest.mark.parametrize("place", ["../secret", "{outside}", "link"])
def test_onnx_file_that_names_a_file_elsewhere_is_refused(place, tmp_path):
    """ONNX Runtime itself refuses: held here, so that another version of it that does not is seen."""
    import onnx

    (tmp_path / "secret").write_bytes(bytes(16))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "link").symlink_to("../secret")
    path = tmp_path / "model" / "model.onnx"
    tensor = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[4], data_location="EXTERNAL")
    location = place.format(outside=tmp_path / "secret")
    tensor.external_data.extend([onnx.StringStringEntryProto(key="location", value=location)])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in ("image", "out")]
    node = onnx.helper.make_node("Add", ["image", "w"], ["out"])
    graph = onnx.helper.make_graph([node], "graph", values[:1], values[1:], [tensor])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    for read in (read_embedded, load_runtime):
        with pytest.raises(InputError, match=r"model\.onnx: .*External data path"):
            read(path)
    (tmp_path / "model" / "inside").write_bytes(bytes(16))
    tensor.external_data[0].value = "inside"
    model.graph.initializer[0].CopyFrom(tensor)
    path.write_bytes(model.SerializeToString())
    assert read_embedded(path) is None
