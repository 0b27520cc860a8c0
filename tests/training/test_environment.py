"""What a run was made with is told, and nothing is made up."""

import json
import sys

import keras
import numpy as np
import pytest

from keras_hanet.training import environment


def test_versions_seed_and_device():
    found = environment.describe_environment(seed=7)
    assert json.loads(json.dumps(found)) == found
    assert found["seed"] == 7
    assert found["backend"] == keras.backend.backend()
    assert found["packages"]["keras"] == keras.__version__
    assert found["packages"]["numpy"] == np.__version__
    assert found["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert any("cpu" in device for device in found["devices"])


def test_package_that_is_not_there_is_none(monkeypatch):
    monkeypatch.setattr(environment, "_PACKAGES", ("a-package-nobody-has",))
    assert environment.describe_environment(0)["packages"] == {"a-package-nobody-has": None}


def test_revision_of_a_checkout(tmp_path, monkeypatch):
    if environment.shutil.which("git") is None:
        pytest.skip("git is not installed")
    module = tmp_path / "keras_hanet" / "training" / "environment.py"
    monkeypatch.setattr(environment, "__file__", str(module))
    assert environment.describe_environment(0)["git_revision"] is None

    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return environment.subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-qm", "one")
    revision = git("rev-parse", "HEAD")
    assert environment.describe_environment(0)["git_revision"] == revision
    (tmp_path / "file").write_text("two")
    assert environment.describe_environment(0)["git_revision"] == f"{revision}-dirty"


def test_without_git_there_is_no_revision(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    assert environment.describe_environment(0)["git_revision"] is None
