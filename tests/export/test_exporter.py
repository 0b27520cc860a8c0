"""From a run to files: what lies where, what the files say of themselves, and that damage does not leave."""

import json
import shutil

import numpy as np
import pytest
from small_model import METADATA, make_small_model, write_small_run

from keras_hanet.data.layouts import read_further, read_samples
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import read_split, write_split
from keras_hanet.data.splits import add_extra, grouped_split
from keras_hanet.embedded_metadata import read_embedded
from keras_hanet.errors import FailedError, InputError
from keras_hanet.export import exporter
from keras_hanet.export.exporter import export_run, format_gate
from keras_hanet.export.formats import FORMATS
from keras_hanet.export.source import draw_evenly
from keras_hanet.inference import Predictor

DAMAGES = {
    "a kernel ten per cent too large": {"kernel_factor": 1.1},
    "0..1 expected instead of 0..255": {"scale": 255},
    "twice the input": {"scale": 2},
    "red and blue swapped": {"channels": (2, 1, 0)},
}


def test_every_format_passes_and_lies_in_its_folder(exported):
    assert set(exported.gate) == set(FORMATS)
    for name, kind in FORMATS.items():
        assert exported.gate[name]["faults"] == []
        files = {path.name for path in (exported.output / name).iterdir()}
        assert {kind.file, "metadata.json", "split.json", "gate.json", "SHA256SUMS"} <= files
    left = {path.name for path in exported.output.iterdir()}
    assert left == {*FORMATS, "gate.json", "gate.md"}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_predicts_as_the_run_does(name, exported, samples):
    pictures = [load_sample(sample)[0] for sample in samples[:3]]
    expected = Predictor(exported.run_dir).predict(pictures)
    found = Predictor(exported.output / name).predict(pictures)
    assert sum(prediction.mask.sum() for prediction in expected) > 1000
    tolerance = 2e-5 if FORMATS[name].limits.probability < 0.01 else 0.05
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.probability, other.probability, atol=tolerance)
        assert np.mean(one.mask != other.mask) < 0.005


@pytest.mark.parametrize("name", FORMATS)
def test_metadata_lies_beside_and_inside(name, exported):
    folder = exported.output / name
    beside = json.loads((folder / "metadata.json").read_text())
    assert read_embedded(folder / FORMATS[name].file) == beside
    assert beside["threshold"] == METADATA.threshold
    assert beside["card"]["export"] == name
    assert beside["card"]["training"]["images"]["busi"]
    assert beside["intended_use"] == "Research use only, not a medical device."


def test_gate_is_written_as_table_and_json(exported):
    text = (exported.output / "gate.md").read_text()
    assert text.count("| passed |") == text.count("passed") == len(FORMATS)
    written = json.loads((exported.output / "gate.json").read_text())
    assert written["formats"] == exported.gate
    assert f"Exported to {exported.output}" not in "".join(exported.lines)
    assert written["num"] == exported.gate["onnx"]["num"] > 3


@pytest.fixture(scope="module", params=DAMAGES)
def damaged(request, exported, tmp_path_factory, phantoms):
    """An export in which every writer is given a damaged model, while the gate has the right one."""
    folder = tmp_path_factory.mktemp("damaged")
    run_dir = write_small_run(folder / "run", phantoms)
    kept = exporter.Source

    def damage(model, metadata, calibration, scratch):
        return kept(make_small_model(**DAMAGES[request.param]), metadata, calibration, scratch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporter, "Source", damage)
        with pytest.raises(FailedError) as caught:
            export_run(run_dir, folder / "exports", list(FORMATS), "hanet export RUN", say=lambda line: None)
    gate = json.loads((folder / "exports" / "gate.json").read_text())["formats"]
    return request.param, gate, folder / "exports", str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_caught_in_every_format(name, damaged):
    kind, gate, output, message = damaged
    assert gate[name]["faults"], f"{kind}: {name} passed with {gate[name]}"
    assert (output / "rejected" / name / FORMATS[name].file).is_file()
    assert not (output / name).exists()
    assert f"{len(FORMATS)} of {len(FORMATS)} formats were rejected" in message
    if kind == "red and blue swapped":
        assert any("tinted probes" in fault for fault in gate[name]["faults"])
        assert gate[name]["probe"] > 0.9
        assert gate[name]["mask_share"] < 0.01, "grey images do not show it"


def test_file_that_cannot_be_read_is_rejected(tmp_path, phantoms, monkeypatch):
    run_dir = write_small_run(tmp_path / "run", phantoms)
    broken = FORMATS["onnx"]._replace(write=lambda source, path: path.write_bytes(source.onnx.read_bytes()[:-200]))
    monkeypatch.setitem(FORMATS, "onnx", broken)
    monkeypatch.setattr(exporter, "embed", lambda path, values: None)
    with pytest.raises(FailedError, match="1 of 1 formats were rejected: onnx"):
        export_run(run_dir, tmp_path / "exports", ["onnx"], "c", say=lambda line: None)
    assert (tmp_path / "exports" / "rejected" / "onnx" / "model.onnx").is_file()
    assert "cannot be read" in (tmp_path / "exports" / "gate.md").read_text()


def test_second_export_replaces_the_first_and_clears_what_was_rejected(tmp_path, phantoms):
    run_dir = write_small_run(tmp_path / "run", phantoms)
    output = tmp_path / "exports"
    (output / "rejected" / "onnx").mkdir(parents=True)
    for _ in range(2):
        export_run(run_dir, output, ["onnx"], "c", say=lambda line: None)
    assert {path.name for path in output.iterdir()} == {"onnx", "gate.json", "gate.md", "rejected"}
    assert list((output / "rejected").iterdir()) == []


def test_format_that_does_not_exist_is_refused_before_anything_is_written(tmp_path, phantoms):
    run_dir = write_small_run(tmp_path / "run", phantoms)
    with pytest.raises(InputError, match=r"expected formats among saved_model, .* got coreml"):
        export_run(run_dir, tmp_path / "exports", ["coreml"], "c")
    assert not (tmp_path / "exports").exists()


def test_data_that_moved_is_asked_for_and_taken(tmp_path, phantoms):
    data = shutil.copytree(phantoms, tmp_path / "data")
    run_dir = write_small_run(tmp_path / "run", data)
    data.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="the run's data set is not there; give its folder with --data"):
        export_run(run_dir, tmp_path / "exports", ["onnx"], "c")
    gate = export_run(
        run_dir, tmp_path / "exports", ["onnx"], "c", data=tmp_path / "elsewhere", say=lambda line: None
    )
    assert gate["onnx"]["faults"] == []


def test_table_shows_what_was_not_a_number():
    dice = {"mean": -0.5, "ci95": [-0.6, -0.4]}
    row = {"probability": None, "mask_share": 0.25, "dice": dice, "probe": None, "num": 4, "faults": ["broken"]}
    table = format_gate({"onnx": row, "openvino": {"faults": ["no file"]}})
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert cells == [
        [
            "ONNX float32", "not a number (0.002)", "25.0000 (0.02)", "-50.0 [-60.0, -40.0] (-0.1)", "not a number",
            "rejected",
        ],
        ["OpenVINO float32", "", "", "", "", "rejected"],
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_file_that_is_damaged_after_the_gate_is_refused(name, exported, tmp_path):
    folder = shutil.copytree(exported.output / name, tmp_path / name)
    content = bytearray((folder / FORMATS[name].file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / FORMATS[name].file).write_bytes(content)
    with pytest.raises(InputError, match=r"expected the bytes that were exported \(SHA256SUMS\)"):
        Predictor(folder)


def test_what_a_killed_export_left_is_cleared_away_and_a_living_one_is_not(tmp_path, phantoms):
    run_dir = write_small_run(tmp_path / "run", phantoms)
    output = tmp_path / "exports"
    killed, living = output / ".export-99999999-abc", output / ".export-1-abc"
    for folder in (killed, living):
        (folder / "onnx").mkdir(parents=True)
    export_run(run_dir, output, ["onnx"], "c", say=lambda line: None)
    assert not killed.exists()
    assert living.exists()


def test_files_can_be_held_against_the_test_part(exported, phantoms, tmp_path):
    formats = ["tflite_float32"]
    gate = export_run(exported.run_dir, tmp_path, formats, "hanet export", part="test", say=lambda line: None)
    split = read_split(exported.run_dir / "split.json", read_samples(phantoms)[1])
    written = json.loads((tmp_path / "gate.json").read_text())
    assert written["part"] == "test"
    assert written["num"] == gate["tflite_float32"]["num"] == len(split.test)
    assert f"on {len(split.test)} test images" in (tmp_path / "gate.md").read_text()


def test_int8_learns_its_ranges_from_further_data_sets_too(phantoms, tmp_path, monkeypatch):
    more = write_phantoms(tmp_path / "more", num=3, seed=5)
    run_dir = write_small_run(tmp_path / "run", phantoms)
    config = {**json.loads((run_dir / "config.json").read_text()), "extra_data": [str(more)]}
    (run_dir / "config.json").write_text(json.dumps(config))
    layout, samples = read_samples(phantoms)
    split = add_extra(grouped_split(samples, 0), read_further([more], layout))
    write_split(run_dir / "split.json", split)
    drawn = []

    def record(images, *rest):
        drawn.append(images)
        return draw_evenly(images, *rest)

    monkeypatch.setattr(exporter, "draw_evenly", record)
    export_run(run_dir, tmp_path / "out", ["tflite_float32"], "hanet export", say=lambda line: None)
    assert drawn == [(*split.train, *split.extra)]
    assert len(split.extra) == 3
    card = json.loads((tmp_path / "out/tflite_float32/metadata.json").read_text())["card"]
    assert sum(card["training"]["images"]["busi-2"].values()) == 3
