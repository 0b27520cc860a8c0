"""What `packages.py` tries in each environment: one real command an extra, in a folder that is no checkout."""

import os
import re
import subprocess
import urllib.request
from pathlib import Path

# What an extra's own modules are, for the time of their import.
MODULES = {
    "bare": "keras_hanet.cli.predict",
    "train": "keras_hanet.training.trainer",
    "scale": "jax, grain",
    "export": "keras_hanet.export.exporter",
    "openvino": "openvino",
    "dicom": "keras_hanet.dicom.segmentation",
    "video": "keras_hanet.video.stream",
    "pdf": "fpdf",
    "app": "keras_hanet.app.server",
    "cluster": "ray",
}
TIMEOUT_S = 600


def make_inputs(folder, python):
    """Draw what the commands read: a phantom set, a DICOM still, a film, a run of one epoch and its OpenVINO file.

    Args:
        folder: existing folder.
        python: interpreter of an environment with every extra, and with the tests' helpers beside this folder.
    """
    tests = Path(__file__).resolve().parents[1] / "tests"
    draw = (
        f"import sys; sys.path.insert(0, {str(tests)!r})\n"
        "from dicom_phantoms import write_phantom_dicom; from video_phantoms import write_phantom_film\n"
        "write_phantom_dicom('scan.dcm'); write_phantom_film('cine.mp4', 5, 240, 320)"
    )
    train = "train --data phantoms --preset quick --size 64 --epochs 1 --run-dir run"
    export = "export run --output exports --formats openvino"
    _call([python, "-I", "-c", draw], folder)
    for words in ("phantoms phantoms --num 24", train, export):
        _call([python, "-I", "-m", "keras_hanet", *words.split()], folder)


def try_extra(extra, python, inputs, folder):
    """Run the command of an extra and look at what it leaves.

    Args:
        extra: key of `MODULES`.
        python: interpreter of the environment.
        inputs: folder of `make_inputs`.
        folder: existing, empty folder, where the command runs.

    Returns:
        the command, without paths of this machine.

    Raises:
        RuntimeError: if it fails or what it should write is not there.
    """
    if extra == "app":
        return _try_app(python, folder)
    lines, written = _COMMANDS[extra]
    backend = "jax" if extra == "scale" else "tensorflow"
    for words in lines:
        given = [word.format(inputs=inputs) for word in words.split()]
        _call([python, "-I", "-m", "keras_hanet", *given], folder, backend)
    if not list(folder.glob(written)):
        raise RuntimeError(f"hanet {lines[-1]}: no {written}")
    prefix = "KERAS_BACKEND=jax " if extra == "scale" else ""
    return f"{prefix}hanet {lines[-1]}".replace("{inputs}/", "")


_TRAIN = "train --data {inputs}/phantoms --preset quick --size 64 --epochs 1 --run-dir out"
# Of each extra its commands, and a file that they write. An older Keras cannot read the run of a newer: export trains.
_COMMANDS = {
    "bare": (["predict {inputs}/phantoms/benign --output out"], "out/masks/*.png"),
    "train": ([_TRAIN], "out/report.html"),
    "scale": ([_TRAIN], "out/report.html"),
    "export": ([_TRAIN, "export out --output exports --formats tflite_float32"], "exports/tflite_float32/model.tflite"),
    "openvino": (
        ["predict {inputs}/phantoms/benign --model {inputs}/exports/openvino --output out"], "out/masks/*.png",
    ),
    "dicom": (["predict {inputs}/scan.dcm --output out"], "out/**/*.dcm"),
    "video": (["predict {inputs}/cine.mp4 --output out"], "out/**/*.mp4"),
    "pdf": (["predict {inputs}/phantoms/benign --output out --report"], "out/**/*.pdf"),
    "cluster": (["batch {inputs}/phantoms/benign out --address local"], "out/**/*.parquet"),
}


def _call(command, folder, backend="tensorflow"):
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _try_app(python, folder):
    server = subprocess.Popen(
        [python, "-I", "-m", "keras_hanet", "app", "--port", "0"], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        for line in server.stderr:
            said += line
            address = re.search(r"Open (http://\S+) in a browser", line)
            if address:
                with urllib.request.urlopen(f"{address[1]}/api/health", timeout=TIMEOUT_S) as answer:
                    answer.read()
                return "hanet app --port 0, then /api/health"
        raise RuntimeError(f"hanet app: ended with {said[-2000:]}")
    finally:
        server.terminate()
        server.wait(TIMEOUT_S)


def time_import(module, python, folder):
    """Seconds of `import module` in a new process, the best of three after one that wrote the bytecode."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    return min([float(_call([python, "-I", "-c", code], folder)) for _ in range(4)][1:])
