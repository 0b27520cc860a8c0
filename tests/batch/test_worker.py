"""A worker on real files: whatever is in them, the shard is written."""

import os
import pickle
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from dicom_phantoms import write_phantom_dicom
from PIL import Image
from video_phantoms import write_phantom_film

from keras_hanet.batch import worker
from keras_hanet.batch.shards import make_shards
from keras_hanet.batch.tables import decode_mask
from keras_hanet.batch.worker import ShardWorker
from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor
from keras_hanet.sources import open_source


def rows_of(job, shard):
    return pq.read_table(shard.frames_path(job)).to_pylist()


def dead_letters_of(job, shard):
    return pq.read_table(shard.dead_letters_path(job)).to_pylist()


def test_rows_and_dead_letters_of_a_shard(job, shards):
    report = ShardWorker(job).work(shards[1])
    assert (report.number, report.num_files, report.num_frames, report.num_dead_letters) == (1, 3, 1, 2)
    [row] = rows_of(job, shards[1])
    assert (row["image"], row["frame"], row["height_px"]) == ("deep/1.png", 0, 128)
    bad, cut = dead_letters_of(job, shards[1])
    assert (bad["image"], bad["frames_read"], cut["image"]) == ("bad.png", 0, "cut.png")
    assert bad["reason"].startswith("bad.png: ")
    assert str(job.root) not in bad["reason"] + cut["reason"], "the archive may be moved"
    assert not any((job.output / ".attempts").iterdir())


def test_masks_are_those_of_the_predictor(job, shards, model):
    ShardWorker(replace(job, with_masks=True)).work(shards[1])
    [frame] = open_source(job.root / "deep" / "1.png").frames()
    [expected] = Predictor(model, 1).predict([frame.image])
    assert expected.mask.any()
    [row] = rows_of(job, shards[1])
    np.testing.assert_array_equal(decode_mask(row["mask"]), expected.mask)
    assert row["lesion_area_px"] == expected.mask.sum()
    written = np.asarray(Image.open(job.output / "masks" / "deep" / "1.png-0.png"))
    np.testing.assert_array_equal(written, expected.mask * 255)


def test_films_and_dicom_files_give_a_row_a_frame(job):
    write_phantom_film(job.root / "clip.mp4", 4, 64, 96)
    write_phantom_dicom(job.root / "1.2.840.7", num_frames=3)
    [shard] = make_shards(job, [job.root / "clip.mp4", job.root / "1.2.840.7"])
    ShardWorker(job).work(shard)
    rows = rows_of(job, shard)
    assert [(row["image"], row["frame"]) for row in rows] == [
        *(("1.2.840.7", number) for number in range(3)),
        *(("clip.mp4", number) for number in range(4)),
    ]
    assert rows[0]["row_mm"] == 0.25
    assert [row["time_s"] for row in rows[3:]] == pytest.approx([0, 1 / 30, 2 / 30, 0.1], abs=1e-3)


class Broken:
    """A film whose third frame cannot be decoded."""

    def __init__(self, path, error):
        self._path, self._error = path, error

    def frames(self):
        [frame] = open_source(self._path).frames()
        yield from (frame, frame)
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InputError("0.png: its third frame is damaged"), "0.png: its third frame is damaged"),
        (RuntimeError("PatientName=Doe"), "0.png: it cannot be read (RuntimeError); hanet predict on it says more"),
        (MemoryError(), "0.png: it cannot be read (MemoryError); hanet predict on it says more"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_read_before_the_damage_stays_and_the_next_file_follows(job, shards, monkeypatch, error, reason):
    monkeypatch.setattr(
        worker, "open_source", lambda path, name: Broken(path, error) if name == "0.png" else open_source(path, name)
    )
    ShardWorker(job).work(shards[0])
    assert [row["image"] for row in rows_of(job, shards[0])] == ["0.png", "0.png", "2.png", "4.png"]
    assert dead_letters_of(job, shards[0]) == [{"image": "0.png", "frames_read": 2, "reason": reason}]


def test_a_missing_library_stops_the_work_instead_of_refusing_every_file(job, shards, monkeypatch):
    def open_none(path, name):
        raise ModuleNotFoundError("No module named 'pydicom'", name="pydicom")

    monkeypatch.setattr(worker, "open_source", open_none)
    with pytest.raises(ModuleNotFoundError):
        ShardWorker(job).work(shards[0])
    assert not shards[0].frames_path(job).exists()
    assert not any((job.output / ".attempts").iterdir())


def test_a_file_that_kills_its_reader_is_left_out_at_the_fourth_start(job, shards):
    code = (
        "import os, pickle, signal, sys\n"
        "from keras_hanet.batch import worker\n"
        "real = worker.open_source\n"
        "def fatal(path, name):\n"
        "    if name == '2.png': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(path, name)\n"
        "worker.open_source = fatal\n"
        "job, shard = pickle.load(sys.stdin.buffer)\n"
        "worker.ShardWorker(job).work(shard)\n"
    )
    given = pickle.dumps((job, shards[0]))
    codes = [
        subprocess.run([sys.executable, "-c", code], input=given, stderr=subprocess.DEVNULL).returncode
        for _ in range(4)
    ]
    assert codes == [-signal.SIGKILL] * 3 + [0]
    assert [row["image"] for row in rows_of(job, shards[0])] == ["0.png", "4.png"]
    reason = "2.png: the process that read it ended 3 times; the file damages its reader"
    assert dead_letters_of(job, shards[0]) == [{"image": "2.png", "frames_read": 0, "reason": reason}]


def test_a_name_that_is_no_unicode_is_read_and_named(job):
    path = Path(job.root, os.fsdecode(b"caf\xe9.png"))
    (job.root / "0.png").rename(path)
    Path(job.root, os.fsdecode(b"n\xfcll.png")).write_bytes(b"no image")
    [shard] = make_shards(job, [path, Path(job.root, os.fsdecode(b"n\xfcll.png"))])
    ShardWorker(job).work(shard)
    assert [row["image"] for row in rows_of(job, shard)] == ["caf\ufffd.png"]
    assert [row["image"] for row in dead_letters_of(job, shard)] == ["n\ufffdll.png"]


@pytest.mark.parametrize("change", [{"version": "9.9.9"}, {"model_sha256": "0" * 64}], ids=["version", "model"])
def test_a_machine_with_another_version_or_model_is_refused(job, change):
    with pytest.raises(InputError, match=r"got another; install and copy the same on every machine"):
        ShardWorker(replace(job, **change))


def test_the_model_and_the_threads_are_those_of_the_job(job, monkeypatch):
    asked = []
    monkeypatch.setattr(worker, "Predictor", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(worker, "read_reliability", asked.append)
    ShardWorker(replace(job, num_threads=3))
    assert asked == [(job.model, 3), job.model]


def test_ray_calls_it_with_columns(job, shards):
    batch = {
        "number": np.array([1]),
        "names": np.array([[os.fsencode(name) for name in shards[1].names]], object),
        "key": np.array([shards[1].key]),
    }
    columns = ShardWorker(job)(batch)
    assert (columns["number"], columns["num_frames"], columns["num_dead_letters"]) == ([1], [1], [2])
    assert re.fullmatch(rf".+:{os.getpid()}", columns["worker"][0])
    assert shards[1].frames_path(job).exists()
