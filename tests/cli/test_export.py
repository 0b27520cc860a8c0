"""`hanet export`: exit codes, what is said, and what lies where."""

import json

import pytest
from small_model import make_small_model, write_small_run

from keras_hanet.export import exporter, formats


@pytest.fixture
def small_run(tmp_path, phantoms):
    return write_small_run(tmp_path / "run", phantoms)


def test_export_prints_the_table_and_writes_the_folder(tmp_path, small_run, hanet):
    done = hanet("export", small_run, "--output", tmp_path / "exports", "--formats", "onnx", "tflite_float32", "--json")
    assert done.code == 0, done.err
    gate = json.loads(done.out)
    assert set(gate) == {"onnx", "tflite_float32"}
    assert "| TFLite float32 |" in done.err
    assert f"Exported to {tmp_path / 'exports'}; next: hanet benchmark" in done.err
    assert "hanet export" in json.loads((tmp_path / "exports" / "gate.json").read_text())["command"]


def test_exported_folder_predicts(tmp_path, small_run, phantoms, hanet):
    hanet("export", small_run, "--output", tmp_path / "exports", "--formats", "tflite_float32")
    for model, name in ((small_run, "of the run"), (tmp_path / "exports" / "tflite_float32", "of the file")):
        done = hanet("predict", phantoms, "--model", model, "--output", tmp_path / name)
        assert done.code == 0, done.err
    tables = [(tmp_path / name / "measures.csv").read_text() for name in ("of the run", "of the file")]
    assert tables[0] == tables[1]


def test_rejected_format_ends_with_1_and_its_reason(tmp_path, small_run, hanet, monkeypatch):
    kept = exporter.Source
    damaged = make_small_model(scale=2)
    monkeypatch.setattr(exporter, "Source", lambda model, *rest: kept(damaged, *rest))
    done = hanet("export", small_run, "--output", tmp_path / "exports", "--formats", "onnx", "--json")
    assert done.code == 1
    assert done.out == ""
    assert "ONNX float32 was rejected: largest difference of a probability: " in done.err
    assert f"1 of 1 formats were rejected: onnx; they lie in {tmp_path / 'exports' / 'rejected'}" in done.err
    assert "Traceback" not in done.err


def test_unknown_format_is_refused(small_run, refused):
    refused("export", small_run, "--formats", "coreml", says=["invalid choice: 'coreml'", "hanet export --help"])


def test_folder_that_is_no_run_is_refused(tmp_path, refused):
    refused("export", tmp_path, says=["expected a folder with one of model.keras"])


def test_format_whose_library_is_missing_is_refused_at_once(tmp_path, small_run, refused, monkeypatch):
    found = formats.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "openvino" else found(name))
    refused(
        "export", small_run, "--output", tmp_path / "exports", "--formats", "onnx", "openvino",
        says=["this needs openvino: pip install 'keras-hanet[openvino]'"],
    )
    assert not (tmp_path / "exports").exists()
