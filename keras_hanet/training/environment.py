"""What a run was made with: versions, device, git revision."""

import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGES = ("keras-hanet", "keras", "tensorflow", "jax", "torch", "numpy", "opencv-python-headless", "Pillow")


def describe_environment(seed):
    """Versions, seed, device and git revision as a JSON-ready dict; None for what is not there."""
    import keras

    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "backend": keras.backend.backend(),
        "devices": [str(device) for device in keras.distribution.list_devices()],
        "packages": {name: _version(name) for name in _PACKAGES},
        "git_revision": _git_revision(),
        "seed": seed,
    }


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _git_revision():
    """The revision of the checkout this package is run from; None for an installed one."""
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists() or shutil.which("git") is None:
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or None
