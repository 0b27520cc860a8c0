"""What the pages tell a newcomer to type does what they say."""

import inspect
import shlex
import sys
import types

import layouts
import pytest
import test_layouts
from doc_pages import DOCS, commands, python_blocks, run_blocks
from small_model import METADATA, write_small_run

from keras_hanet.cli.main import main
from keras_hanet.data.layouts import READERS
from keras_hanet.export.formats import FORMATS, missing_module
from keras_hanet.models import config, encoders
from keras_hanet.models.keras_file import check_keras_file


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_quick_start(in_empty_folder):
    chosen = commands("quick-start.md")
    assert [line.split()[0] for line in chosen] == ["phantoms", "predict"]
    for line in chosen:
        assert main(shlex.split(line)) == 0
    assert len(list((in_empty_folder / "predictions" / "masks").rglob("*.png"))) == 12
    for name in ("overlays", "measures.csv", "lesions.csv"):
        assert (in_empty_folder / "predictions" / name).exists()
        assert f"`{name}" in (DOCS / "quick-start.md").read_text()
    names = run_blocks(python_blocks("quick-start.md"))
    assert names["mask"].any()


def test_network():
    assert len(python_blocks("network.md")) == 1
    run_blocks(python_blocks("network.md"))


def test_from_segmentation_models(in_empty_folder):
    run_blocks(python_blocks("from-segmentation-models.md"))
    assert (in_empty_folder / "m.keras").is_file()


def test_a_data_set_added(tmp_path, monkeypatch):
    reader, drawer, test = python_blocks("add-a-data-set.md")
    assert len(reader.splitlines()) < 40
    module = types.ModuleType("keras_hanet.data.lab")
    exec(reader, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    folder_reader = READERS.pop("folder")  # what is new stands before it
    monkeypatch.setitem(READERS, "lab", module)
    READERS["folder"] = folder_reader
    monkeypatch.setattr(layouts, "draw_lab", run_blocks([drawer], dict(vars(layouts)))["draw_lab"], raising=False)
    names = run_blocks([test])
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    general = (
        test_layouts.test_every_layout_is_recognised_by_its_own_reader_first,
        test_layouts.test_every_reader_lists_its_faults_to_whoever_asks,
    )
    for number, check in enumerate([*tests, *general]):
        folder = tmp_path / str(number)
        folder.mkdir()
        check(folder, *(["lab"] if "name" in inspect.signature(check).parameters else []))


def test_an_encoder_added(tmp_path, monkeypatch):
    definition, use = python_blocks("add-an-encoder.md")
    assert len(definition.splitlines()) < 40
    monkeypatch.setattr(encoders, "ENCODERS", dict(encoders.ENCODERS))
    monkeypatch.setattr("keras_hanet.models.ha_net.ENCODERS", encoders.ENCODERS)
    monkeypatch.setitem(config._CHOICES, "encoder", config._CHOICES["encoder"])
    model = run_blocks([definition, use])["model"]
    source = encoders.keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(64, 64, 3))
    source.save(tmp_path / "weights.keras")
    # As the page says of a file of weights, and of what may be opened.
    assert encoders.load_encoder_weights(model, "mobilenet_v2", str(tmp_path / "weights.keras")).endswith(".keras")
    model.save(tmp_path / "model.keras")
    check_keras_file(tmp_path / "model.keras")


def test_an_export_format_added(in_empty_folder, phantoms, monkeypatch):
    definition, use = python_blocks("add-an-export-format.md")
    assert len(definition.splitlines()) < 40
    monkeypatch.setitem(FORMATS, "openvino_float16", None)
    names = run_blocks([definition])
    assert missing_module("openvino_float16") is None
    write_small_run(in_empty_folder / "runs" / "mine", phantoms)
    names = run_blocks([use], names)
    assert 0 < names["gate"]["openvino_float16"]["probability"] < 0.1
    assert 'element_type="f16"' in (in_empty_folder / "exports/mine/openvino_float16/model.xml").read_text()
    assert names["predictor"].metadata.size == METADATA.size
