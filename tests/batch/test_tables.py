"""Rows of known content, and what is there when writing them fails."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pycocotools import mask as coco_mask

from keras_hanet.analysis.analysis import Analysis
from keras_hanet.batch import tables
from keras_hanet.batch.tables import count_rows, decode_mask, encode_mask, writing_shard
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions

SPACING = Spacing(0.1, 0.2)


def analyse_square(doubtful=None, spacing=SPACING):
    """A lesion of 10 rows and 20 columns in 40 x 60 pixels."""
    mask = np.zeros((40, 60), np.uint8)
    mask[5:15, 20:40] = 1
    area = ScanArea(0, 0, 40, 60, spacing)
    frame = Frame(np.zeros((40, 60, 3), np.uint8), "a.png", area)
    lesions = measure_lesions(mask, area)
    return Analysis(frame, Prediction(mask * 0.75, mask), lesions, ("text", "calipers"), None, 0.9, 0.8, doubtful)


def test_a_frame_is_a_row_with_its_lesions_flags_and_mask(job, shards):
    with writing_shard(job, shards[0]) as writing:
        writing.add("a.png", 0, analyse_square(doubtful=True))
    [row] = pq.read_table(shards[0].frames_path(job)).to_pylist()
    lesions, mask = row.pop("lesions"), row.pop("mask")
    assert row == {
        "image": "a.png", "frame": 0, "time_s": None, "height_px": 40, "width_px": 60, "row_mm": 0.1, "column_mm": 0.2,
        "num_lesions": 1, "lesion_area_px": 200, "lesion_area_mm2": 4.0, "lesion_share": round(200 / 2400, 6),
        "largest_probability": 0.75, "lesion_probability": 0.9, "expected_dice": 0.8, "doubtful": True,
        "flags": ["text", "calipers"],
    }  # fmt: skip
    [lesion] = lesions
    known = ("top_px", "box_width_px", "depth_mm", "area_mm2", "orientation", "is_cut", "long_axis_low_px")
    assert [lesion[name] for name in known] == [5, 20, 1.0, 4.0, "parallel", False, None]
    np.testing.assert_array_equal(decode_mask(mask), analyse_square().prediction.mask)


def test_what_is_not_known_is_null(job, shards):
    with writing_shard(job, shards[0]) as writing:
        writing.add("a.png", 0, analyse_square(spacing=None))
    [row] = pq.read_table(shards[0].frames_path(job)).to_pylist()
    assert [row[name] for name in ("row_mm", "lesion_area_mm2", "doubtful")] == [None] * 3
    assert row["lesions"][0]["long_axis_mm"] is None


def test_run_lengths_are_those_of_coco():
    mask = np.zeros((3, 4), np.uint8)
    mask[1, 1:3] = 1
    encoded = encode_mask(mask)
    # Column by column: four 0, one 1, two 0, one 1, four 0.
    expected = coco_mask.frPyObjects({"size": [3, 4], "counts": [4, 1, 2, 1, 4]}, 3, 4)
    assert encoded["counts"] == expected["counts"].decode()
    assert encoded["size"] == [3, 4]
    np.testing.assert_array_equal(coco_mask.decode(encoded), mask)


def test_pandas_reads_the_folder_and_pycocotools_the_masks_in_it(job, shards):
    for shard in shards[:2]:
        with writing_shard(job, shard) as writing:
            writing.add(shard.names[0], 0, analyse_square())
    (job.output / "frames" / ".7.part-shard-00002-0.parquet").write_bytes(b"half")
    frame = pd.read_parquet(job.output / "frames")
    assert frame["image"].tolist() == ["0.png", "bad.png"]
    assert coco_mask.decode(frame["mask"][1]).sum() == 200


def test_rows_are_written_in_groups(job, shards, monkeypatch):
    monkeypatch.setattr(tables, "_GROUP_ROWS", 2)
    with writing_shard(job, shards[0]) as writing:
        for number in range(5):
            writing.add("a.png", number, analyse_square())
        assert writing.num_frames == 5
    file = pq.ParquetFile(shards[0].frames_path(job))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 2, 1]
    assert file.read()["frame"].to_pylist() == [0, 1, 2, 3, 4]


def test_dead_letters_have_a_table_and_both_say_what_made_them(job, shards):
    with writing_shard(job, shards[0]) as writing:
        writing.add_dead_letter("bad.png", 2, "bad.png: it is no image")
    table = pq.read_table(shards[0].dead_letters_path(job))
    assert table.to_pylist() == [{"image": "bad.png", "frames_read": 2, "reason": "bad.png: it is no image"}]
    for path in (shards[0].dead_letters_path(job), shards[0].frames_path(job)):
        facts = pq.read_schema(path).metadata
        assert facts[b"model_sha256"].decode() == job.model_sha256
        assert facts[b"intended_use"] == b"Research use only, not a medical device."
    assert count_rows([shards[0].frames_path(job)]) == 0
    assert count_rows([shards[0].dead_letters_path(job)] * 2) == 2


def test_a_shard_that_fails_leaves_nothing(job, shards):
    def fail():
        with writing_shard(job, shards[0]) as writing:
            writing.add("a.png", 0, analyse_square())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path for path in job.output.rglob("*") if path.is_file()] == []
