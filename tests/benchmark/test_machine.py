import os
import subprocess
import sys

import pytest

from keras_hanet.benchmark import machine
from keras_hanet.version import __version__


def test_machine_is_that_of_the_system(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (1.234, 9.0, 9.0))
    found = machine.describe_machine()
    assert found["cores"] == len(os.sched_getaffinity(0))
    assert found["load_average"] == 1.23
    assert found["versions"]["keras-hanet"] == __version__
    assert set(found["flags"]) <= set(machine.NOTABLE_FLAGS)


@pytest.mark.parametrize(
    ("content", "cpu", "flags"),
    [
        # Two processors; the first of each name counts.
        ("model name\t: Fast 9\nflags\t\t: fpu avx2 sse\n\nmodel name\t: Fast 9\nflags\t\t: fpu\n", "Fast 9", ["avx2"]),
        ("processor\t: 0\nFeatures\t: fp asimd i8mm\n\nModel\t\t: Small Board\n", "Small Board", ["asimd", "i8mm"]),
    ],
)
def test_processor_of_either_architecture(monkeypatch, tmp_path, content, cpu, flags):
    (tmp_path / "cpuinfo").write_text(content)
    read = machine._read
    monkeypatch.setattr(machine, "_read", lambda path: read(tmp_path / "cpuinfo"))
    found = machine.describe_machine()
    assert (found["cpu"], found["flags"]) == (cpu, flags)


def test_busy_machine_is_said():
    assert machine.busy_warning({"load_average": 0.5, "cores": 2}) is None
    assert "a load of 0.51 at the start on 2 cores" in machine.busy_warning({"load_average": 0.51, "cores": 2})


def test_child_takes_the_threads_and_no_slow_kernel(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OPENBLAS_L2_SIZE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("SOMETHING", "kept")
    found = machine.child_environment(3)
    assert (found["OMP_NUM_THREADS"], found["OPENBLAS_NUM_THREADS"], found["TF_NUM_INTRAOP_THREADS"]) == ("3", "3", "3")
    assert found["SOMETHING"] == "kept"
    assert not {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & set(found)


def test_peak_memory_is_the_processs_own():
    """100 MiB that were held and given back count; what the parent holds does not."""
    held = bytearray(400 * 2**20)
    code = (
        "from keras_hanet.benchmark.machine import peak_memory_mib as peak\n"
        "before = peak(); bytearray(100 * 2**20); print(before, peak())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert before < 100 < len(held) / 2**20
    assert after - before == pytest.approx(100, abs=3)
