import json
import subprocess
from pathlib import Path

import pytest
from tiny_exports import METADATA, write_peer

from keras_hanet.benchmark import runner
from keras_hanet.benchmark.runner import Artefact
from keras_hanet.errors import FailedError, InputError
from keras_hanet.files import write_json
from keras_hanet.metadata import Metadata

OURS = Artefact("a", Path("model.tflite"), Metadata(64, 0.5, 0.0, "a", card={"flops": 3_000_000}))
PEER = Artefact("b", Path("peer.onnx"), None)


@pytest.fixture
def exports(tmp_path, bright):
    """Two exports with what lies beside them: exports/cart/tflite and exports/paper/tflite."""
    for name in ("cart", "paper"):
        folder = tmp_path / "exports" / name / "tflite"
        folder.mkdir(parents=True)
        for file in bright.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        (folder.parent / "gate.json").write_text("{}")
        (folder.parent / "gate.md").write_text("")
        (folder.parent / "rejected").mkdir()
    return tmp_path / "exports"


def test_artefacts_have_short_names_and_come_once(exports, tmp_path):
    peer = write_peer(tmp_path / "peer.onnx")
    paths = [*sorted(exports.glob("*/*")), exports / "cart" / "tflite" / "model.tflite"]
    found = runner.find_artefacts(paths, [peer, peer])
    assert [one.name for one in found] == ["exports/cart/tflite", "exports/paper/tflite", "peer.onnx"]
    assert [one.metadata for one in found] == [METADATA, METADATA, None]
    assert found[0].file == (exports / "cart" / "tflite" / "model.tflite").resolve()
    [alone] = runner.find_artefacts([exports / "cart" / "tflite"], [])
    assert alone.name == "tflite"


def test_nothing_to_time_is_refused(exports):
    with pytest.raises(InputError, match="expected at least one model to time, got none"):
        runner.find_artefacts([exports / "cart" / "gate.json"], [])


def test_an_artefact_without_metadata_is_refused(exports):
    (exports / "cart" / "tflite" / "metadata.json").unlink()
    with pytest.raises(InputError, match="the model's metadata is missing"):
        runner.find_artefacts([exports / "cart" / "tflite"], [])


def test_rounds_hit_all_alike(monkeypatch):
    """The order of the processes, what they are told, and that the best peak of the rounds counts."""
    asked, peaks = [], iter([10.0, 20.0, 12.0, 18.0])

    def child(module, arguments, num_threads, name):
        if module.endswith("peak"):
            asked.append(("peak", num_threads))
            return {"gflops": next(peaks)}
        job = json.loads(arguments[0])
        assert (job["num_threads"], job["image"], job["repeats"], job["seconds"]) == (num_threads, "i.png", 2, None)
        assert (job["metadata"] is None) == (name == "b")
        asked.append((name, num_threads))
        image_ms = [3.0, 5.0] if name == "a" else None
        return {"load_s": 0.1, "network_ms": [1.0, 2.0], "image_ms": image_ms, "peak_memory_mib": 50.0}

    monkeypatch.setattr(runner, "run_child", child)
    monkeypatch.setattr(runner, "file_size", lambda file: 2**20)
    rows, best = runner.measure([OURS, PEER], [1, 2], "i.png", rounds=2, repeats=2)
    forwards = [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert asked == [("peak", 1), ("peak", 2), *forwards, ("peak", 1), ("peak", 2), *forwards[::-1]]
    assert best == {1: 12.0, 2: 20.0}
    assert [(row["name"], row["threads"]) for row in rows] == forwards


def test_a_row_by_hand(monkeypatch):
    monkeypatch.setattr(runner, "file_size", lambda file: 3 * 2**18)
    rounds = [
        {"load_s": 0.3, "network_ms": [1.0, 2.0, 3.0], "image_ms": [11.0], "peak_memory_mib": 60.04},
        {"load_s": 0.1, "network_ms": [4.0, 5.0], "image_ms": [13.0], "peak_memory_mib": 70.06},
        {"load_s": 0.2, "network_ms": [3.0], "image_ms": [18.0], "peak_memory_mib": 65.0},
    ]
    row = runner.summarise(OURS, 2, rounds, peak_gflops=20.0)
    # Sorted: 1 2 3 3 4 5; the fifth percentile lies a quarter of the way from 1 to 2.
    network = {"median": 3.0, "q25": 2.25, "q75": 3.75, "p05": 1.25, "p95": 4.75, "num": 6, "rounds": [2.0, 4.5, 3.0]}
    assert row["network_ms"] == network
    assert (row["image_ms"]["median"], row["image_ms"]["num"]) == (13.0, 3)
    # 3 million operations in 3 ms are 1 GFLOP/s, a twentieth of 20.
    expected = {"load_s": 0.2, "file_mib": 0.75, "peak_memory_mib": 70.1, "flops": 3_000_000, "gflops_per_s": 1.0}
    assert {name: row[name] for name in expected} == expected
    assert row["share_of_peak"] == 0.05
    assert (row["kind"], row["threads"]) == ("tflite", 2)


def test_what_is_not_known_stays_empty(monkeypatch):
    monkeypatch.setattr(runner, "file_size", lambda file: 1)
    found = {"load_s": 0.3, "network_ms": [1.0], "image_ms": [2.0], "peak_memory_mib": 60.0}
    peer = runner.summarise(PEER, 1, [{**found, "image_ms": None}], 20.0)
    assert peer["kind"] == "peer"
    assert [peer[name] for name in ("image_ms", "flops", "gflops_per_s", "share_of_peak")] == [None] * 4
    no_card = Artefact("c", Path("model.tflite"), Metadata(64, 0.5, 0.0, "c"))
    row = runner.summarise(no_card, 1, [found], 20.0)
    assert row["image_ms"]["median"] == 2.0
    assert [row[name] for name in ("flops", "gflops_per_s", "share_of_peak")] == [None] * 3


@pytest.mark.parametrize(
    ("code", "out", "err", "error", "says"),
    [
        (2, '{"error": "m: expected a model; export it"}\n', "", InputError, "m: expected a model; export it"),
        (1, "", "Traceback\nValueError: no\n", FailedError, r"a: its process ended with code 1 .*\(ValueError: no\)"),
        (-9, "", "", FailedError, r"a: its process ended with code -9 and no result \(it said nothing\)"),
    ],
)
def test_a_process_that_fails_is_a_sentence(monkeypatch, code, out, err, error, says):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, out, err))
    with pytest.raises(error, match=says):
        runner.run_child("any", [], 1, "a")


def test_a_process_gets_its_threads(tmp_path, monkeypatch):
    code = "import json, os\nprint('noise')\nprint(json.dumps({'n': int(os.environ['OMP_NUM_THREADS'])}))"
    (tmp_path / "speak.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert runner.run_child("speak", [], 3, "a") == {"n": 3}


def test_a_whole_benchmark_of_processes(bright, half_bright, tmp_path):
    write_json(tmp_path / "e" / "metadata.json", vars(METADATA))
    (tmp_path / "e" / "model.tflite").write_bytes((bright / "model.tflite").read_bytes())
    artefacts = runner.find_artefacts([tmp_path / "e"], [write_peer(tmp_path / "peer.onnx")])
    steps = []
    rows, peaks = runner.measure(
        artefacts, [1], half_bright, rounds=1, seconds=0.05, progress=lambda items: steps.extend(items) or items
    )
    assert len(steps) == 3
    assert [row["name"] for row in rows] == ["e", "peer.onnx"]
    assert rows[0]["image_ms"]["median"] > rows[0]["network_ms"]["median"] > 0
    expected = 1e6 / (rows[0]["network_ms"]["median"] * 1e6)
    assert rows[0]["gflops_per_s"] == pytest.approx(expected, rel=0.01)
    assert rows[0]["share_of_peak"] == pytest.approx(expected / peaks[1], rel=0.1, abs=1e-4)
