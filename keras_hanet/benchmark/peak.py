"""What the processor can do: the speed of a float32 matrix product in NumPy.

Run as a process, `python -m keras_hanet.benchmark.peak`, so that the environment sets the number of its threads.
"""

import json
import time

import numpy as np

SIDE = 1024
SECONDS = 1.0


def measure_peak(seconds=SECONDS, side=SIDE):
    """Multiply two matrices again and again.

    Args:
        seconds: for how long; one product to warm up comes before.
        side: of the square matrices; 1024 fills the caches of a small processor without waiting for memory.

    Returns:
        float, GFLOP/s of the fastest product: 2 side^3 operations, multiplications and additions counted apart.
    """
    random = np.random.default_rng(0)
    left, right = random.random((2, side, side), dtype=np.float32)
    product = left @ right
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        np.matmul(left, right, out=product)
        now = time.perf_counter()
        best = min(best, now - start)
        if now >= end:
            return 2 * side**3 / best / 1e9


if __name__ == "__main__":
    print(json.dumps({"gflops": measure_peak()}))
