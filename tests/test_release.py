"""Wheel and source archive hold what they should and nothing else, and are the same bytes wherever they are built."""

import hashlib
import json
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from keras_hanet.models.weights import FOLDERS
from keras_hanet.version import __version__

ROOT = Path(__file__).parents[1]
RELEASE = runpy.run_path(str(ROOT / "scripts" / "release.py"))
EPOCH = 1_700_000_000
SOURCES = ("keras_hanet", "scripts", "tests", "saved_models")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "NOTICE", "constraints.txt")


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What the archive is made of but for the pages and heavy weights, with rubbish beside it."""
    folder = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        heavy = shutil.ignore_patterns("*.onnx", "*.npz", "*.tflite") if name == "saved_models" else None
        shutil.copytree(ROOT / name, folder / name, ignore=heavy, copy_function=shutil.copyfile)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "saved_models" / "densenet121-scratch" / "model.tflite").write_bytes(bytes(1000))
    (folder / "keras_hanet" / "__pycache__").mkdir(exist_ok=True)
    (folder / "keras_hanet" / "__pycache__" / "old.cpython-311.pyc").touch()
    return folder


def build(sources, folder):
    """Build in a copy: files have the time of the copy, and what the build leaves is not there the next time."""
    copy = shutil.copytree(sources, folder / "copy", copy_function=shutil.copyfile)
    return RELEASE["build"](copy, folder / "dist", EPOCH)


@pytest.fixture(scope="module")
def built(sources, tmp_path_factory):
    return build(sources, tmp_path_factory.mktemp("one"))


def offline():
    """The words that take the network from a command, where this machine lets them."""
    words = ["unshare", "--net"]
    allowed = shutil.which(words[0]) and not subprocess.run([*words, "true"], capture_output=True).returncode
    return words if allowed else []


def names_in_wheel(wheel):
    with zipfile.ZipFile(wheel) as files:
        return set(files.namelist())


def files_of_package(sources):
    paths = (path for path in (sources / "keras_hanet").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(sources).as_posix() for path in paths}


def test_the_wheel_holds_the_package_its_licences_and_nothing_else(built, sources):
    facts = f"keras_hanet-{__version__}.dist-info"
    metadata = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt"}
    metadata |= {"licenses/LICENSE", "licenses/NOTICE"}
    assert names_in_wheel(built[0]) == files_of_package(sources) | {f"{facts}/{name}" for name in metadata}
    assert built[0].stat().st_size < 25e6


def test_the_wheel_holds_the_pages_and_the_model(built):
    names = names_in_wheel(built[0])
    assert "keras_hanet/app/static/index.html" in names
    assert "keras_hanet/assets/efficientnet_lite0.npz" in names
    assert {f"keras_hanet/assets/cart/{path.name}" for path in FOLDERS["cart"].iterdir()} <= names


def test_the_source_archive_builds_and_tests_without_heavy_weights(built, sources):
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*FILES, "tests/conftest.py", "scripts/release.py", "saved_models/densenet121-scratch/CARD.md"} <= names
    assert files_of_package(sources) <= names
    heavy = {name for name in names if name.startswith("saved_models/") and Path(name).suffix in {".npz", ".tflite"}}
    assert not heavy
    assert not {name for name in names if name.endswith(".pyc") or "__pycache__" in name}
    assert "saved_models/densenet121-scratch/facts.json" not in names, "without weights it is no model"
    assert built[1].stat().st_size < 30e6


def test_the_same_bytes_from_another_folder(built, sources, tmp_path):
    again = build(sources, tmp_path)
    for first, second in zip(built, again, strict=True):
        assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest(), first.name


def test_the_time_of_every_file_is_that_of_the_commit(built):
    with tarfile.open(built[1]) as archive:
        assert {member.mtime for member in archive} == {EPOCH}
        assert {(member.uid, member.gid, member.uname, member.gname) for member in archive} == {(0, 0, "", "")}
    with zipfile.ZipFile(built[0]) as files:
        assert {member.date_time for member in files.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_the_bill_has_every_file_with_its_hash(built):
    listed = {part["name"]: part["hashes"][0]["content"] for part in RELEASE["list_files"](built[0])}
    name = "keras_hanet/assets/cart/model.tflite"
    assert listed[name] == hashlib.sha256((FOLDERS["cart"] / "model.tflite").read_bytes()).hexdigest()
    assert len(listed) == len(names_in_wheel(built[0])) - 1, "all but RECORD"


def test_python_m_works_in_another_folder(tmp_path):
    line = [sys.executable, "-m", "keras_hanet", "--version"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"keras-hanet {__version__}\n")


@pytest.mark.slow
def test_a_bare_install_of_the_wheel_outlines_an_image_and_its_bill_is_true(built, samples, tmp_path):
    bare = tmp_path / "bare"
    RELEASE["write_bill"](built[0], bare, EPOCH)
    python = bare / "bin" / "python"
    text = built[0].with_name(f"keras_hanet-{__version__}.cdx.json").read_text()
    assert str(tmp_path) not in text
    assert "file://" not in text
    parts = {part["name"].lower(): part for part in json.loads(text)["components"]}
    assert {"numpy", "ai-edge-litert", "keras-hanet"} <= set(parts)
    assert "tensorflow" not in parts
    assert len(parts["keras-hanet"]["components"]) == len(names_in_wheel(built[0])) - 1
    done = subprocess.run(
        [*offline(), python, "-I", "-m", "keras_hanet", "predict", samples[0].image, "--output", "out"],
        capture_output=True, text=True, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "masks").rglob("*.png"))) == 1
