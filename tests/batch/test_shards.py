"""Names of shards: the same for the same work, others for any other."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from keras_hanet.batch.shards import find_missing, hash_model, make_shards
from keras_hanet.errors import InputError


def test_sorted_files_are_cut_into_shards(shards):
    assert [shard.names for shard in shards] == [
        ("0.png", "2.png", "4.png"),
        ("bad.png", "cut.png", "deep/1.png"),
        ("deep/3.png",),
    ]
    assert [shard.file_name for shard in shards] == [f"shard-0000{n}-{shards[n].key}.parquet" for n in range(3)]
    assert all(len(shard.key) == 12 and int(shard.key, 16) >= 0 for shard in shards)


def test_order_of_finding_and_place_of_the_archive_change_nothing(job, shards, tmp_path):
    moved = replace(job, root=tmp_path / "moved", output=tmp_path / "other")
    shutil.copytree(job.root, moved.root)
    paths = sorted(moved.root.rglob("*.png"), reverse=True)
    assert make_shards(moved, paths, 3) == shards


@pytest.mark.parametrize(
    "change",
    [{"model_sha256": "0"}, {"version": "9.9.9"}, {"with_masks": True}, {"num_threads": 2}],
    ids=lambda change: next(iter(change)),
)
def test_another_model_version_or_flag_gives_other_names(job, shards, change):
    others = make_shards(replace(job, **change), job.root.rglob("*.png"), 3)
    assert not {shard.key for shard in others} & {shard.key for shard in shards}


def test_another_size_or_name_of_a_file_changes_its_shard_alone(job, shards):
    with (job.root / "4.png").open("ab") as file:
        file.write(b"x")
    changed = make_shards(job, job.root.rglob("*.png"), 3)
    assert [one.key == other.key for one, other in zip(changed, shards, strict=True)] == [False, True, True]
    (job.root / "bad.png").rename(job.root / "bae.png")
    changed = make_shards(job, job.root.rglob("*.png"), 3)
    assert [one.key == other.key for one, other in zip(changed, shards, strict=True)] == [False, False, True]


def test_names_that_are_no_unicode_have_a_shard(job):
    path = Path(job.root, os.fsdecode(b"caf\xe9.png"))
    path.write_bytes(b"")
    [shard] = make_shards(job, [path])
    assert os.fsencode(shard.names[0]) == b"caf\xe9.png"
    assert len(shard.key) == 12


def test_missing_is_what_has_no_rows_yet(job, shards):
    assert find_missing(job, shards) == shards
    for path in (shards[1].dead_letters_path(job), shards[0].dead_letters_path(job), shards[0].frames_path(job)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert find_missing(job, shards) == shards[1:]


@pytest.mark.parametrize("folder", ["frames", "dead_letters"])
def test_results_of_another_job_are_not_mixed_with_new_ones(job, shards, folder):
    path = job.output / folder / "shard-00000-0123456789ab.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"0123456789ab.parquet: expected no shards, .* give another OUTPUT"):
        find_missing(job, shards)


def test_shard_size_below_one_is_refused(job):
    with pytest.raises(InputError, match="--shard-size: expected 1 or more files a shard, got 0"):
        make_shards(job, [], 0)


def test_hash_of_a_model_is_that_of_all_it_computes_with(model, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    assert hash_model(copy) == hash_model(copy / "model.tflite") == hash_model(model)
    (copy / "CARD.md").write_text("not computed with")
    assert hash_model(copy) == hash_model(model)
    seen = {hash_model(model)}
    for name in ("metadata.json", "reliability.json", "model.tflite"):
        with (copy / name).open("ab") as file:
            file.write(b" ")
        seen.add(hash_model(copy))
    assert len(seen) == 4


def test_hash_of_a_saved_model_holds_its_variables(tmp_path):
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "variables" / "variables.index").write_bytes(b"1")
    first = hash_model(tmp_path)
    (tmp_path / "variables" / "variables.index").write_bytes(b"2")
    assert hash_model(tmp_path) != first
