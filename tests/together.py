"""Starts trainings in processes of their own, and reads what they leave."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import h5py

SCRIPT = Path(__file__).parent / "training" / "train_together.py"


def free_address():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{one.getsockname()[1]}"


def start(**task):
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, str(SCRIPT), json.dumps(task, default=str)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process):
    """Exit code and output; a process that hangs fails."""
    try:
        output, _ = process.communicate(timeout=600)
    finally:
        process.kill()
    return process.returncode, output


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found
