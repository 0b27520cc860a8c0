"""One row of the table, in a process of its own: `python -m keras_hanet.benchmark.row JOB`.

Memory and pools of threads are then the row's own. JOB is a `Job` as JSON; the last line of standard output is what
`measure_row` gives, or {"error": a sentence} with exit code 2.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2

from keras_hanet.benchmark.machine import peak_memory_mib
from keras_hanet.benchmark.networks import load_artefact, load_peer
from keras_hanet.errors import InputError
from keras_hanet.metadata import Metadata

WARM_UP_RUNS, WARM_UP_SECONDS = 3, 0.5


@dataclass(frozen=True)
class Job:
    """What a process measures.

    Attributes:
        file: path of the model's file.
        metadata: values of its `Metadata`; None for a peer's network.
        image: path of an image file.
        num_threads: of the runtime.
        repeats: timed runs; None to go by `seconds`.
        seconds: how long runs are timed.
    """

    file: str
    metadata: dict | None
    image: str
    num_threads: int
    repeats: int | None
    seconds: float | None


def measure_row(job):
    """Load a model and time it.

    Args:
        job: `Job`.

    Returns:
        dict: "load_s", from importing the runtime to a model that is ready; "network_ms" and "image_ms" (None for a
        peer), one time a run; "peak_memory_mib" of this process, with Python, OpenCV, the runtime and everything.

    Raises:
        InputError: if the model cannot be read.
    """
    cv2.setNumThreads(job.num_threads)
    encoded = Path(job.image).read_bytes()
    file = Path(job.file)
    start = time.perf_counter()
    if job.metadata is None:
        network = load_peer(file, encoded, job.num_threads)
    else:
        network = load_artefact(file, Metadata(**job.metadata), encoded, job.num_threads)
    loaded = time.perf_counter()
    return {
        "load_s": loaded - start,
        "network_ms": time_runs(network.run, job.repeats, job.seconds),
        "image_ms": network.to_mask and time_runs(network.to_mask, job.repeats, job.seconds),
        "peak_memory_mib": peak_memory_mib(),
    }


def time_runs(run, repeats=None, seconds=None, clock=time.perf_counter):
    """Time a function, after runs to warm up: at least WARM_UP_RUNS, and for WARM_UP_SECONDS.

    Args:
        run: function without arguments.
        repeats: number of timed runs; None to go by `seconds`.
        seconds: runs are timed until this time is over; at least one.
        clock: function that gives seconds.

    Returns:
        list of float, milliseconds.
    """
    start = clock()
    warm = 0
    while warm < WARM_UP_RUNS or clock() - start < WARM_UP_SECONDS:
        run()
        warm += 1
    times, begin = [], clock()
    while True:
        before = clock()
        run()
        after = clock()
        times.append(1000 * (after - before))
        if len(times) == repeats or (repeats is None and after - begin >= seconds):
            return times


def main(argv):
    try:
        print(json.dumps(measure_row(Job(**json.loads(argv[0])))))
    except InputError as error:
        print(json.dumps({"error": str(error)}))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
