"""Memory or files: chosen by size, the same images either way."""

import numpy as np
import pytest

from keras_hanet.data import storage
from keras_hanet.data.pipeline import SegmentationBatches, make_batches
from keras_hanet.data.storage import Cache, Files, available_bytes, open_samples
from keras_hanet.data.streaming import StreamedBatches


# 5 images of 32 x 32 take 4 * 1024 * 5 = 20480 bytes.
@pytest.mark.parametrize(
    ("free", "asked", "kind"),
    [
        *((40960, "auto", Cache), (40959, "auto", Files), (None, "auto", Cache)),
        *((0, "memory", Cache), (1e12, "disk", Files)),
    ],
)
def test_files_are_chosen_where_the_images_take_more_than_half_of_memory(samples, monkeypatch, free, asked, kind):
    monkeypatch.setattr(storage, "available_bytes", lambda: free)
    said = []
    parts = open_samples({"train": samples[:3], "validation": samples[3:5]}, 32, asked, say=said.append)
    assert [type(part) for part in parts.values()] == [kind, kind]
    assert [len(part.samples) for part in parts.values()] == [3, 2]
    assert bool(said) == (free == 40959)


def test_a_pair_from_memory_is_the_pair_from_its_files(samples):
    memory, files = (open_samples({"all": samples[:4]}, 32, kind)["all"] for kind in ("memory", "disk"))
    for position in range(4):
        for expected, found in zip(memory.pair(position), files.pair(position), strict=True):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == np.uint8


def test_batches_fit_what_they_are_made_of(samples):
    for kind, expected in (("memory", SegmentationBatches), ("disk", StreamedBatches)):
        images = open_samples({"all": samples[:4]}, 32, kind)["all"]
        assert type(make_batches(images, 2, shuffle=True)) is expected


def test_free_memory_is_what_linux_has_and_the_container_leaves(tmp_path):
    info = tmp_path / "meminfo"
    info.write_text("MemTotal:       2000 kB\nMemAvailable:   1000 kB\n")
    assert available_bytes(info, tmp_path) == 1024000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("100\n")
    assert available_bytes(info, tmp_path) == 1024000
    (tmp_path / "memory.max").write_text("5100\n")
    assert available_bytes(info, tmp_path) == 5000
    (tmp_path / "memory.max").write_text("90\n")
    assert available_bytes(info, tmp_path) == 0
    assert available_bytes(tmp_path / "none", tmp_path) is None
