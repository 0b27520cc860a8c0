"""Artefacts and numbers of threads -> rows: measured in rounds, so that a machine that drifts hits all alike."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from keras_hanet.benchmark.machine import child_environment
from keras_hanet.benchmark.networks import file_size, find_artefact, find_peer
from keras_hanet.benchmark.row import Job
from keras_hanet.errors import FailedError, InputError
from keras_hanet.inference import metadata_of

# What EXPORTS/* brings along and is no model.
BESIDE_EXPORTS = ("gate.json", "gate.md", "rejected")
PERCENTILES = {"median": 50, "q25": 25, "q75": 75, "p05": 5, "p95": 95}


@dataclass(frozen=True)
class Artefact:
    """A model to be timed.

    Attributes:
        name: short and unique among those that are timed.
        file: path of its file.
        metadata: `Metadata`; None for a peer's network.
    """

    name: str
    file: Path
    metadata: object


def find_artefacts(paths, peers):
    """Find the models, refuse what cannot be timed before anything is.

    Args:
        paths: artefacts of ours, folders or files; what `hanet export` lays beside them is passed over.
        peers: `.onnx` files of others.

    Returns:
        list of `Artefact`; one that is given twice is there once.

    Raises:
        InputError: if one is no model or lacks its metadata.
        ModuleNotFoundError: if what runs one is not installed; its `name` says what.
    """
    found = {}
    for path in paths:
        if Path(path).name not in BESIDE_EXPORTS:
            file = find_artefact(path)
            found.setdefault(file.resolve(), (Path(path).resolve(), metadata_of(file)))
    for path in peers:
        found.setdefault(find_peer(path).resolve(), (Path(path).resolve(), None))
    if not found:
        raise InputError("expected at least one model to time, got none; give an exported folder or a model file")
    root = os.path.commonpath([place.parent for place, _ in found.values()])
    return [
        Artefact(place.relative_to(root).as_posix(), file, metadata) for file, (place, metadata) in found.items()
    ]


def measure(artefacts, threads, image, rounds, repeats=None, seconds=None, progress=iter):
    """Measure each artefact at each number of threads, each time in a process of its own.

    Args:
        artefacts: list of `Artefact`.
        threads: list of int.
        image: path of an image file.
        rounds: how often all are measured, one after the other; every second round goes backwards.
        repeats: timed runs of a row in a round; None to go by `seconds`.
        seconds: how long a row's runs are timed in a round, network and whole image each.
        progress: wraps the list of processes.

    Returns:
        list of rows (see `summarise`), and {threads: GFLOP/s of the machine, the best of all rounds}.

    Raises:
        InputError: if a model cannot be read.
        FailedError: if a process ended without a result.
    """
    cells = [(artefact, num) for artefact in artefacts for num in threads]
    steps = [step for turn in range(rounds) for step in _round(cells, threads, backwards=turn % 2 == 1)]
    found, peaks = {cell: [] for cell in range(len(cells))}, {}
    for kind, key in progress(steps):
        if kind == "peak":
            peak = run_child("keras_hanet.benchmark.peak", [], key, "the machine's peak")["gflops"]
            peaks[key] = max(peak, peaks.get(key, 0.0))
            continue
        artefact, num_threads = cells[key]
        metadata = artefact.metadata and vars(artefact.metadata)
        job = Job(str(artefact.file), metadata, str(image), num_threads, repeats, seconds)
        found[key].append(run_child("keras_hanet.benchmark.row", [json.dumps(asdict(job))], num_threads, artefact.name))
    rows = [summarise(*cell, found[key], peaks[cell[1]]) for key, cell in enumerate(cells)]
    return rows, peaks


def run_child(module, arguments, num_threads, name):
    """Run a module as a process of this interpreter; its last line of standard output, read as JSON.

    Raises:
        InputError: if it says {"error": ...}.
        FailedError: if it ends otherwise without a result; `name` says whose it was.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=child_environment(num_threads), capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode not in (0, 2) or not lines:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise FailedError(f"{name}: its process ended with code {done.returncode} and no result ({reason[:300]})")
    result = json.loads(lines[-1])
    if "error" in result:
        raise InputError(result["error"])
    return result


def summarise(artefact, num_threads, found, peak_gflops):
    """Make one row of what the rounds found.

    Args:
        artefact: `Artefact`.
        num_threads: of its runtime.
        found: list of what `measure_row` gave, one a round.
        peak_gflops: what the machine can do at this number of threads.

    Returns:
        dict, JSON-ready: times of all rounds together as {"median", "q25", "q75", "p05", "p95", "num", "rounds"} in ms,
        "rounds" being each round's median; load time and peak memory are the median and the largest of the rounds.
        None for what does not apply or is not known.
    """
    network = _spread([one["network_ms"] for one in found])
    image = _spread([one["image_ms"] for one in found]) if artefact.metadata else None
    operations = artefact.metadata.card.get("flops") if artefact.metadata else None
    gflops = operations and operations / network["median"] / 1e6
    return {
        "name": artefact.name,
        "kind": artefact.file.suffix.removeprefix(".") if artefact.metadata else "peer",
        "threads": num_threads,
        "network_ms": network,
        "image_ms": image,
        "load_s": round(float(np.median([one["load_s"] for one in found])), 4),
        "file_mib": round(file_size(artefact.file) / 2**20, 4),
        "peak_memory_mib": round(max(one["peak_memory_mib"] for one in found), 1),
        "flops": operations,
        "gflops_per_s": operations and round(gflops, 3),
        "share_of_peak": operations and round(gflops / peak_gflops, 4),
    }


def _round(cells, threads, backwards):
    """The processes of a round: the machine's peak first, then each row."""
    keys = list(range(len(cells)))
    return [*(("peak", num) for num in threads), *(("row", key) for key in (keys[::-1] if backwards else keys))]


def _spread(rounds):
    times = np.concatenate(rounds)
    values = {name: round(float(np.percentile(times, percent)), 4) for name, percent in PERCENTILES.items()}
    return {**values, "num": len(times), "rounds": [round(float(np.median(one)), 4) for one in rounds]}
