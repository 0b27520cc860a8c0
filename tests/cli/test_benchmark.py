import json

import numpy as np
import pytest
from layouts import save
from tiny_exports import write_bright_tflite, write_peer

from keras_hanet.benchmark import networks
from keras_hanet.cli import benchmark
from keras_hanet.data.preprocessing import decode_image

QUICK = ("--threads", 1, "--rounds", 1, "--repeats", 3)


@pytest.fixture(scope="module")
def bright(tmp_path_factory):
    return write_bright_tflite(tmp_path_factory.mktemp("exports") / "bright")


def test_artefact_and_peer_end_in_one_table(tmp_path, bright, hanet):
    peer, output = write_peer(tmp_path / "peer.onnx"), tmp_path / "out"
    done = hanet("benchmark", bright, "--peer", peer, *QUICK, "--output", output, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report == json.loads((output / "benchmark.json").read_text())
    ours, theirs = report["rows"]
    assert (ours["kind"], theirs["kind"]) == ("tflite", "peer")
    assert (ours["network_ms"]["num"], ours["image_ms"]["num"], theirs["image_ms"]) == (3, 3, None)
    assert report["image"] == {"what": "a phantom, grey PNG", "height_px": 500, "width_px": 600}
    assert report["settings"] == {"rounds": 1, "repeats": 3, "seconds": None}
    assert report["command"].startswith("hanet benchmark ")
    assert f"benchmark.json, .csv, .md and .svg are in {output}" in done.err
    assert "Research use only, not a medical device." in done.err


def test_own_image_and_seconds(tmp_path, bright, hanet):
    save(tmp_path / "own.png", np.full((30, 50), 20))
    words = ("benchmark", bright, "--image", tmp_path / "own.png", "--seconds", 0.01, "--threads", 1, "--rounds", 1)
    done = hanet(*words, "--output", tmp_path / "out")
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert report["image"] == {"what": str(tmp_path / "own.png"), "height_px": 30, "width_px": 50}
    assert report["settings"] == {"rounds": 1, "repeats": None, "seconds": 0.01}
    assert done.out.startswith("# Benchmark\n")


def test_default_image_is_a_grey_png_with_a_lesion(tmp_path):
    first = benchmark.draw_default_image(tmp_path / "a.png").read_bytes()
    assert first == benchmark.draw_default_image(tmp_path / "b.png").read_bytes()
    image = decode_image(first)
    assert image.shape == (500, 600, 3)
    assert first[25] == 0, "PNG's colour type: grey"
    assert image.std() > 10


def test_threads_by_default_and_refused():
    assert benchmark.choose_threads(None, 4) == [1, 4]
    assert benchmark.choose_threads(None, 1) == [1]
    assert benchmark.choose_threads([2, 1, 2], 4) == [1, 2]
    with pytest.raises(ValueError, match="--threads: expected at most 4, the processors of this machine, got 5"):
        benchmark.choose_threads([1, 5], 4)


@pytest.mark.parametrize("flags", [("--threads", 0), ("--repeats", "many"), ("--seconds", 0), ("--rounds", -1)])
def test_what_is_no_number_above_0_is_refused(bright, refused, flags):
    refused("benchmark", bright, *flags, says=[flags[0], flags[1]])


def test_what_is_no_model_is_refused_before_anything_runs(tmp_path, bright, refused):
    words = ("benchmark", bright, tmp_path / "nothing", *QUICK, "--output", tmp_path / "out")
    refused(*words, says=[tmp_path / "nothing", "found none; check the path"])
    refused("benchmark", *QUICK, says=["expected at least one model to time, got none"])
    refused("benchmark", bright, *QUICK, "--image", tmp_path / "no.png", says=["no.png: no such file; check the path"])
    assert not (tmp_path / "out").exists()


def test_missing_runtime_says_what_brings_it(bright, tmp_path, refused, monkeypatch):
    (tmp_path / "model.xml").write_text("never read")
    monkeypatch.setattr(networks, "find_spec", lambda name: None)
    refused("benchmark", tmp_path / "model.xml", *QUICK, says=["openvino: pip install 'keras-hanet[openvino]'"])


def test_file_in_the_place_of_the_output_is_refused_before_anything_is_timed(tmp_path, bright, refused):
    (tmp_path / "a file").write_text("mine")
    words = ("benchmark", bright, *QUICK, "--output", tmp_path / "a file")
    refused(*words, says=["--output: expected a folder, got the file"])
    assert (tmp_path / "a file").read_text() == "mine"
