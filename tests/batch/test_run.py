"""Jobs from start to end: the same bytes however often they were interrupted, here and on a cluster of two nodes."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pandas as pd
import pytest

from keras_hanet.batch import run
from keras_hanet.batch.run import run_batch
from keras_hanet.batch.shards import make_shards
from keras_hanet.errors import InputError


def test_counts_log_and_summary(job, shards):
    said = []
    summary = run_batch(job, shards, say=said.append)
    assert (summary["shards"], summary["files"], summary["frames"], summary["dead_letters"]) == (3, 7, 5, 2)
    assert summary["last_run"]["frames"] == 5
    assert summary["last_run"]["frames_per_second"] > 0
    assert said[0] == f"{job.output}: 3 shards, 0 of them done already"
    assert said[2].startswith("shard 1 (2 of 3): 3 files, 1 frames, 2 dead letters; ")
    assert pd.read_json(job.output / "batch.json", typ="series")["frames"] == 5
    assert sorted(path.name for path in job.output.iterdir()) == ["batch.json", "dead_letters", "frames"]


def test_the_same_work_elsewhere_gives_the_same_bytes(job, shards, bytes_of, tmp_path):
    run_batch(job, shards, say=lambda line: None)
    shutil.copytree(job.root, tmp_path / "copied")
    other = replace(job, root=tmp_path / "copied", output=tmp_path / "other")
    run_batch(other, make_shards(other, sorted(other.root.rglob("*.png"), reverse=True), 3), say=lambda line: None)
    assert bytes_of(other.output) == bytes_of(job.output)
    assert len(bytes_of(job.output)) == 6


def test_a_second_run_does_what_is_missing_and_no_more(job, shards, bytes_of, monkeypatch):
    run_batch(job, shards, say=lambda line: None)
    expected = bytes_of(job.output)
    shards[1].frames_path(job).unlink()
    kept = shards[0].frames_path(job).stat().st_mtime_ns
    (job.output / "frames" / ".99.part-shard-00001.parquet").write_bytes(b"of a killed run")
    summary = run_batch(job, shards, say=lambda line: None)
    assert (summary["last_run"]["shards"], summary["last_run"]["frames"], summary["frames"]) == (1, 1, 5)
    assert shards[0].frames_path(job).stat().st_mtime_ns == kept
    assert bytes_of(job.output) == expected

    def load_nothing(job):
        raise AssertionError("there is nothing to do")

    monkeypatch.setattr(run, "ShardWorker", load_nothing)
    last_run = run_batch(job, shards, say=lambda line: None)["last_run"]
    assert (last_run["shards"], last_run["frames"], last_run["frames_per_second"]) == (0, 0, None)
    assert bytes_of(job.output) == expected


def test_an_interrupt_leaves_whole_shards(job, shards, bytes_of, tmp_path):
    run_batch(job, shards, say=lambda line: None)
    other = replace(job, output=tmp_path / "interrupted")

    def interrupt(line):
        if line.startswith("shard 0"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(other, shards, say=interrupt)
    assert sorted(bytes_of(other.output)) == [f"{kind}/{shards[0].file_name}" for kind in ("dead_letters", "frames")]
    run_batch(other, shards, say=lambda line: None)
    assert bytes_of(other.output) == bytes_of(job.output)


def test_results_of_another_model_are_refused_before_any_work(job, shards):
    run_batch(job, shards, say=lambda line: None)
    other = replace(job, model_sha256="0" * 64)
    with pytest.raises(InputError, match="give another OUTPUT"):
        run_batch(other, make_shards(other, job.root.rglob("*.png"), 3), say=lambda line: None)


@pytest.mark.slow
def test_a_killed_command_and_a_killed_node_change_no_byte(phantom_files, model, bytes_of, tmp_path):
    from ray_cluster import two_nodes

    archive, whole, broken = tmp_path / "archive", tmp_path / "whole", tmp_path / "broken"
    archive.mkdir()
    contents = [path.read_bytes() for path in phantom_files]
    bad = {f"{number:03d}.png" for number in range(50, 500, 100)}
    for number in range(500):
        name = f"{number:03d}.png"
        (archive / name).write_bytes(b"no image" if name in bad else contents[number % len(contents)])

    def start(output, *words):
        command = [sys.executable, "-m", "keras_hanet", "batch", archive, output, "--model", model, *words]
        return subprocess.Popen([*map(str, command), "--shard-size", "10"], stderr=subprocess.PIPE, text=True)

    def num_done():
        return len(list((broken / "frames").glob("shard-*.parquet")))

    def wait_until_done(process, num):
        deadline = time.monotonic() + 100
        while num_done() < num:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    reference = start(whole)
    assert "500 files: 495 rows" in reference.communicate()[1]
    with two_nodes() as (cluster, node):
        first = start(broken, "--address", cluster.address)
        wait_until_done(first, 5)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        before = num_done()
        assert before < 40
        second = start(broken, "--address", cluster.address)
        wait_until_done(second, before + 6)
        cluster.remove_node(node, allow_graceful=False)
        assert num_done() < 50
        said = second.communicate()[1]
        assert second.returncode == 0, said
        assert "495 rows" in said
        assert len({line.split()[-1] for line in said.splitlines() if line.startswith("shard ")}) > 1, "two workers"
        third = start(broken, "--address", cluster.address)
        assert "50 of them done already" in third.communicate()[1]
    assert bytes_of(broken) == bytes_of(whole)
    assert len(bytes_of(whole)) == 100
    assert set(pd.read_parquet(broken / "dead_letters")["image"]) == bad
    assert [path for path in broken.rglob("*") if path.name.startswith(".")] == []
