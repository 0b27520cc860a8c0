"""How the tests of the command line call it, and the one trained run that they share."""

import contextlib
import io
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from layouts import save

from keras_hanet import inference
from keras_hanet.cli import predict
from keras_hanet.cli.main import main
from keras_hanet.metadata import Metadata


def call(*words):
    """Run `hanet WORDS` in this process: its exit code and what it wrote to both streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())


def refuse(*words, says):
    """Run `hanet WORDS`, which must end with exit code 2 and one line that holds every text of `says`."""
    done = call(*words)
    lines = [line for line in done.err.splitlines() if line.startswith("hanet: ")]
    assert done.code == 2
    assert len(lines) == 1
    assert done.err.endswith(f"{lines[0]}\n"), "the reason comes last"
    assert "Traceback" not in done.err
    assert done.out == ""
    for text in says:
        assert str(text) in lines[0]
    return done


@pytest.fixture
def hanet():
    return call


@pytest.fixture
def refused():
    return refuse


@pytest.fixture(scope="session")
def trained(tmp_path_factory, phantoms):
    """One epoch of the quick recipe on phantoms: the run folder, its data and what the command printed."""
    run_dir = tmp_path_factory.mktemp("runs") / "a run"
    done = call(
        *("train", "--data", phantoms, "--preset", "quick", "--size", 64, "--epochs", 1),
        *("--run-dir", run_dir, "--json"),
    )
    assert done.code == 0, done.err
    return SimpleNamespace(run_dir=run_dir, data=phantoms, out=done.out, err=done.err)


@pytest.fixture
def bright_predictor(monkeypatch):
    """Whatever model is asked for: lesion is where the image, shrunk to 64 x 64, is brighter than 127."""

    def bright(images):
        return (images[..., 0] > 127).astype(np.float32)

    def initialise(predictor, model):
        predictor._set(bright, None, Metadata(64, 0.5, 0.0, "bright"))

    monkeypatch.setattr(inference.Predictor, "__init__", initialise)
    monkeypatch.setattr(predict, "read_reliability", lambda model: None)


@pytest.fixture
def full_disk():
    """A function that makes the next writing of a file hit a full disk, truly: it lands in /dev/full."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full on this system")

    def fill(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f".{os.getpid()}.part-{path.name}").symlink_to("/dev/full")

    return fill


@pytest.fixture
def scans(tmp_path):
    """Six images of 16 x 12 pixels with masks in images/ and masks/."""
    folder = tmp_path / "scans"
    for number in range(6):
        grey = np.full((12, 16), 20 * number)
        save(folder / "images" / f"scan{number}.png", grey)
        save(folder / "masks" / f"scan{number}.png", 255 * (np.arange(192).reshape(12, 16) < 40))
    return folder
