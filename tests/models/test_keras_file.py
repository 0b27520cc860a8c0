"""What a `.keras` file may name: every network of ours passes, and what could run a program is refused before Keras."""

import json
import warnings
import zipfile

import keras
import pytest
from fuzz.seeds import keras_archive
from small_model import METADATA, make_small_model

from keras_hanet.errors import InputError
from keras_hanet.files import write_json
from keras_hanet.inference import load_keras_model
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.encoders import load_encoder_weights
from keras_hanet.models.keras_file import check_keras_file
from keras_hanet.models.networks import build_network

# DenseNet121 takes as long as all others together; the tests of its encoder weights load a file of it.
OURS = (
    {"num_classes": 3, "attention_dropout": 0.1},
    {
        **{"self_attention": "position", "position_encoding": "sinusoidal", "feature_enhancement": "channels"},
        **{"decoder_block": "plain", "logits_stride": 2, "decoder_filters": (8, 8, 8, 8)},
    },
    *({"architecture": name, "base_filters": 8} for name in ("unet", "attention_unet", "segresnet", "uesa_net")),
)


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


def layer(module, class_name, **config):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


# Each stands for a known way past Keras' own safe mode.
ATTACKS = {
    "CVE-2024-3660": layer("keras.layers", "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wA="}}),
    "CVE-2025-1550": layer("keras.layers", "Lambda", function=function("os", "system"), arguments={}),
    "CVE-2025-8747": layer("keras.layers", "Activation", activation=function("keras.utils", "get_file")),
    "CVE-2025-9906": layer("keras.layers", "Dense", unsafe=function("keras.config", "enable_unsafe_deserialization")),
    "CVE-2025-12058": layer("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    "SavedModel inside": layer("keras.layers", "TFSMLayer", filepath="/tmp/other"),
    "torch pickle": layer("keras.layers", "TorchModuleWrapper", pickled="gASV"),
    "module of the system": layer("os", "Dense"),
    "package of keras": layer("keras.src.utils.python_utils", "Dense"),
    "registered twice": {**layer("keras.layers", "Dense"), "registered_name": "other>Lambda"},
    "name of ours, elsewhere": {**layer("os", "ResidualScale"), "registered_name": "keras_hanet>ResidualScale"},
    "no text": layer("keras.layers", ["Lambda"]),
}


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("switches", OURS, ids=lambda switches: switches.get("architecture", "ha_net"))
def test_networks_of_ours_pass(switches, tmp_path):
    values = {"encoder": "efficientnet_lite0", "encoder_weights": "none", "size": 64, **switches}
    config = keras.saving.serialize_keras_object(build_network(HANetConfig(**values)))
    check_keras_file(write(tmp_path / "model.keras", keras_archive(config)))


def test_file_that_keras_writes_passes_though_it_was_compiled(tmp_path):
    model = make_small_model()
    model.compile(keras.optimizers.AdamW(), keras.losses.BinaryCrossentropy())
    model.save(tmp_path / "model.keras")
    check_keras_file(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ATTACKS)
def test_class_or_function_that_is_no_layer_of_ours_is_refused(name, tmp_path):
    deep = layer("keras", "Functional", layers=[layer("keras.layers", "Dense", inner=[{"a": ATTACKS[name]}])])
    path = write(tmp_path / "model.keras", keras_archive(deep))
    with pytest.raises(InputError, match=r"expected layers of a segmentation network, got .*; it may run a program"):
        check_keras_file(path)


@pytest.fixture
def planted(tmp_path):
    """A run folder whose model.keras holds Python code, and the file that this code would write."""
    marker = tmp_path / "the code has run"
    image = keras.Input((64, 64, 3))
    code = eval(f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]")
    keras.Model(image, keras.layers.Lambda(code, output_shape=(64, 64, 3))(image)).save(tmp_path / "model.keras")
    write_json(tmp_path / "metadata.json", vars(METADATA))
    marker.unlink(missing_ok=True)
    return tmp_path / "model.keras", marker


def test_code_in_a_model_does_not_run(planted):
    path, marker = planted
    with pytest.raises(InputError, match=r"got keras\.layers\.Lambda; it may run a program"):
        load_keras_model(path)
    with pytest.raises(InputError, match="Lambda"):
        load_encoder_weights(make_small_model(), "efficientnet_lite0", str(path))
    assert not marker.exists()
    keras.saving.load_model(path, compile=False, safe_mode=False)(keras.ops.zeros((1, 64, 64, 3)))
    assert marker.exists(), "the code was a danger"


def test_older_format_of_keras_is_refused_whatever_it_holds(planted, tmp_path):
    path = tmp_path / "model.h5"
    with warnings.catch_warnings(action="ignore"):
        make_small_model().save(path)
    for read in (load_keras_model, lambda path: load_encoder_weights(make_small_model(), "efficientnet_lite0", path)):
        with pytest.raises(InputError, match=r"model\.keras|expected a \.keras file"):
            read(path)


@pytest.mark.parametrize("name", ["../../evil.py", "/tmp/evil.py", "assets/vocabulary.txt", "model.weights.npz"])
def test_further_files_in_the_archive_are_refused(name, tmp_path):
    path = write(tmp_path / "model.keras", keras_archive(**{name: b"x"}))
    with pytest.raises(InputError, match="got other files"):
        check_keras_file(path)


def test_file_twice_in_the_archive_is_refused(tmp_path):
    path = write(tmp_path / "model.keras", keras_archive())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(InputError, match="got other files"):
        check_keras_file(path)


def test_archive_that_would_grow_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, b" " * 10**7)
    with pytest.raises(InputError, match="its files are packed"):
        check_keras_file(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"PK\5\6" + bytes(18), "got other files"),
        (keras_archive(**{"config.json": b"{"}), "expected JSON, the file is damaged"),
        (keras_archive(**{"config.json": b"[" * 5000}), "nested too deeply"),
        (keras_archive(**{"config.json": b"[]"}), "got something else"),
    ],
)
def test_what_is_no_keras_file_is_refused(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        check_keras_file(write(tmp_path / "model.keras", content))


def test_weights_that_are_no_hdf5_are_refused_with_a_sentence(tmp_path):
    model = make_small_model()
    model.save(tmp_path / "sound.keras")
    with zipfile.ZipFile(tmp_path / "sound.keras") as archive:
        config = json.loads(archive.read("config.json"))
    write(tmp_path / "model.keras", keras_archive(config, **{"model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(500)}))
    write_json(tmp_path / "metadata.json", vars(METADATA))
    with pytest.raises(InputError, match=r"model\.keras: expected a Keras model, and it cannot be read"):
        load_keras_model(tmp_path / "model.keras")
