import sys

import numpy as np
import pandas as pd
import pytest
from layouts import save

from keras_hanet.data.phantom_drawing import draw_phantom


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    for number in range(3):
        save(folder / f"{number}.png", draw_phantom("benign", np.random.default_rng(number), 96, 96)[0])
    save(folder / "0_mask.png", [[0]])
    (folder / "bad.png").write_bytes(b"no image")
    return folder


def test_an_archive_becomes_tables(archive, tmp_path, hanet, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = hanet("batch", "archive", "out", "--masks", "--shard-size", 2)
    assert done.code == 0, done.err
    assert done.out == ""
    assert "4 files in 2 shards, model cart" in done.err
    assert f"4 files: 3 rows in {tmp_path}/out/frames, 1 files that could not be read in" in done.err
    assert "Research use only, not a medical device." in done.err
    frames = pd.read_parquet(tmp_path / "out" / "frames")
    assert frames["image"].tolist() == ["0.png", "1.png", "2.png"]
    assert frames["expected_dice"].between(0, 1).all() or frames["flags"].str.len().gt(0).any()
    assert sorted(path.name for path in (tmp_path / "out" / "masks").iterdir()) == [f"{n}.png-0.png" for n in range(3)]
    again = hanet("batch", archive, "out", "--masks", "--shard-size", 2)
    assert "2 shards, 2 of them done already" in again.err, "its own masks are no input, and paths may be absolute"


def test_one_file_is_an_archive_too(archive, tmp_path, hanet):
    assert hanet("batch", archive / "1.png", tmp_path / "out").code == 0
    assert pd.read_parquet(tmp_path / "out" / "frames")["image"].tolist() == ["1.png"]


def test_an_output_inside_the_input_is_no_input(archive, hanet):
    for _ in range(2):
        assert hanet("batch", archive, archive / "out", "--masks").code == 0
    assert len(pd.read_parquet(archive / "out" / "frames")) == 3


def test_mistakes_are_one_line(archive, tmp_path, refused):
    refused("batch", tmp_path / "none", tmp_path / "out", says=["none: no such file or folder"])
    refused("batch", archive, tmp_path / "out", "--threads", 0, says=["--threads: expected 1 or more, got 0"])
    refused("batch", archive, tmp_path / "out", "--workers", -1, says=["--workers: expected 1 or more, got -1"])
    refused("batch", archive, tmp_path / "out", "--shard-size", 0, says=["--shard-size: expected 1 or more files"])
    refused("batch", archive, tmp_path / "out", "--model", "none", says=["none: expected a shipped model's name"])
    assert not (tmp_path / "out").exists()


def test_nothing_that_can_be_read_is_a_failure(archive, tmp_path, hanet):
    done = hanet("batch", archive / "bad.png", tmp_path / "out")
    assert done.code == 1
    assert f"none of 1 files could be read; {tmp_path}/out/dead_letters says why" in done.err


@pytest.mark.parametrize(("library", "words"), [("ray", ["--address", "auto"]), ("pyarrow", [])])
def test_what_to_install_is_said(archive, tmp_path, refused, monkeypatch, library, words):
    for name in ("run", "tables", "worker"):
        monkeypatch.delitem(sys.modules, f"keras_hanet.batch.{name}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    says = [f"this needs {library}: pip install 'keras-hanet[cluster]'"]
    refused("batch", archive, tmp_path / "out", *words, says=says)
