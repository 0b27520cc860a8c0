import json
import subprocess
import sys
from dataclasses import asdict

import pytest
from tiny_exports import METADATA, write_peer

from keras_hanet.benchmark import row
from keras_hanet.benchmark.machine import child_environment


class Clock:
    """A clock that each run moves on by the next of its durations, in seconds; the last one stays."""

    def __init__(self, durations):
        self.durations, self.now, self.runs = durations, 0.0, 0

    def run(self):
        self.now += self.durations[min(self.runs, len(self.durations) - 1)]
        self.runs += 1

    def __call__(self):
        return self.now


def test_warm_up_is_not_counted():
    clock = Clock([8.0, 4.0, 2.0, 1.0])  # the first three are warm-up and take longer than its least time
    assert row.time_runs(clock.run, repeats=4, clock=clock) == [1000] * 4
    assert clock.runs == 7


def test_quick_runs_warm_up_for_half_a_second():
    clock = Clock([0.125])
    assert row.time_runs(clock.run, repeats=2, clock=clock) == [125, 125]
    assert clock.runs == 4 + 2


@pytest.mark.parametrize(("seconds", "num"), [(1.0, 2), (1.25, 3), (0.001, 1)])
def test_runs_until_the_time_is_over(seconds, num):
    clock = Clock([0.5])
    assert row.time_runs(clock.run, seconds=seconds, clock=clock) == [500] * num


def run_process(job):
    command = [sys.executable, "-m", "keras_hanet.benchmark.row", json.dumps(asdict(job))]
    return subprocess.run(command, env=child_environment(1), capture_output=True, text=True, check=False)


def test_a_process_measures_an_artefact(bright, half_bright):
    done = run_process(row.Job(str(bright / "model.tflite"), vars(METADATA), str(half_bright), 1, 5, None))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (len(found["network_ms"]), len(found["image_ms"])) == (5, 5)
    # Decoding, resizing and threshold come on top of the network.
    assert 0 < min(found["network_ms"]) < min(found["image_ms"])
    assert found["load_s"] > 0
    assert 30 < found["peak_memory_mib"] < 1000


def test_a_process_measures_a_peer(tmp_path, half_bright):
    peer = write_peer(tmp_path / "peer.onnx")
    done = run_process(row.Job(str(peer), None, str(half_bright), 1, 5, None))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found["network_ms"]) == 5
    assert found["image_ms"] is None


def test_a_bare_install_measures_tflite(bright, half_bright):
    """Neither Keras nor TensorFlow nor another runtime nor matplotlib is touched."""
    job = row.Job(str(bright / "model.tflite"), vars(METADATA), str(half_bright), 1, 1, None)
    code = (
        "import json, sys\n"
        "from keras_hanet.benchmark import report, runner\n"
        "from keras_hanet.benchmark.row import Job, measure_row\n"
        "measure_row(Job(**json.loads(sys.argv[1])))\n"
        "print([name for name in ('keras', 'tensorflow', 'onnxruntime', 'openvino', 'matplotlib', 'jax')"
        " if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, json.dumps(asdict(job))]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_cannot_be_read_is_said_as_a_sentence(tmp_path, half_bright, capsys):
    (tmp_path / "model.tflite").write_bytes(b"no model")
    job = row.Job(str(tmp_path / "model.tflite"), vars(METADATA), str(half_bright), 1, 1, None)
    assert row.main([json.dumps(asdict(job))]) == 2
    assert "expected an exported model, and it cannot be read" in json.loads(capsys.readouterr().out)["error"]
