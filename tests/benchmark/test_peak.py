import json
import subprocess
import sys

import numpy as np
import pytest

from keras_hanet.benchmark import peak
from keras_hanet.benchmark.machine import child_environment


def test_speed_of_the_fastest_product_by_hand(monkeypatch):
    """Products of 0.5, 0.25 and 2 s: 2 x 100^3 operations in 0.25 s are 0.008 GFLOP/s."""
    ticks = iter([0.0, 0.0, 0.5, 1.0, 1.25, 2.0, 4.0])
    monkeypatch.setattr(peak.time, "perf_counter", lambda: next(ticks))
    assert peak.measure_peak(seconds=3, side=100) == pytest.approx(0.008)


def test_a_product_is_made(monkeypatch):
    made = []
    monkeypatch.setattr(np, "matmul", lambda left, right, out: made.append((left.shape, left.dtype, out.shape)))
    peak.measure_peak(seconds=0, side=8)
    assert made == [((8, 8), np.float32, (8, 8))]


def test_the_process_says_a_plausible_speed():
    command = [sys.executable, "-m", "keras_hanet.benchmark.peak"]
    done = subprocess.run(command, env=child_environment(1), capture_output=True, text=True, check=True)
    assert 0.1 < json.loads(done.stdout)["gflops"] < 10_000
