"""Batches from files are the batches from memory, in the same order."""

import numpy as np
import pytest

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.data.pipeline import SegmentationBatches, Share
from keras_hanet.data.storage import Files, load_cache
from keras_hanet.data.streaming import StreamedBatches
from keras_hanet.errors import InputError

SIZE = 32


def flat(item):
    """The arrays of an item, whatever its parts are."""
    return [array for part in item for array in (part.values() if isinstance(part, dict) else [part])]


def same(first, second):
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(flat(first), flat(second), strict=True))


@pytest.mark.parametrize(
    "keywords",
    [
        {"shuffle": True, "augmentation": Augmentation()},
        {"shuffle": True, "diagnoses": True, "repeats": [2] * 10 + [0] * 10, "num_drawn": 4},
        {"shuffle": True, "share": Share(4, 2, 1)},
        {},
        {"diagnoses": True, "share": Share(2, 2, 1)},
    ],
)
def test_seed_and_epoch_give_the_same_arrays_from_memory_and_from_files(samples, keywords):
    memory = SegmentationBatches(load_cache(samples[:20], SIZE), 6, seed=3, **keywords) if "repeats" in keywords else (
        SegmentationBatches(load_cache(samples[:18], SIZE), 4, seed=3, **keywords)
    )
    files = StreamedBatches(Files(memory.cache.samples, SIZE), memory.batch_size, seed=3, **keywords)
    orders = []
    for epoch in (0, 1):
        memory.epoch = files.epoch = epoch
        expected = [memory[index] for index in range(len(memory))]
        assert len(files) == len(expected) > 1
        assert all(same(files[index], item) for index, item in enumerate(expected))
        orders.append(expected[0][0])
    assert np.array_equal(*orders) != keywords.get("shuffle", False), "epochs differ where they are shuffled"


def test_an_epoch_can_be_begun_anywhere_and_be_broken_off(samples):
    files = StreamedBatches(Files(tuple(samples[:16]), SIZE), 4, Augmentation(), shuffle=True, seed=1, epoch=2)
    memory = SegmentationBatches(load_cache(samples[:16], SIZE), 4, Augmentation(), shuffle=True, seed=1, epoch=2)
    assert all(same(files[index], memory[index]) for index in (2, 3, 0, 0, 1, 3))
    files.epoch = memory.epoch = 5
    assert same(files[1], memory[1])


def test_a_few_batches_are_read_ahead_and_no_more(samples, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    read = []

    class Counted(Files):
        def pair(self, position):
            read.append(position)
            return super().pair(position)

    files = StreamedBatches(Counted(tuple(samples), SIZE), 1, shuffle=True)
    files[0]
    assert len(files) == 24
    assert len(read) <= 8


def test_a_file_that_went_away_is_an_input_error(samples, tmp_path):
    gone = samples[0].__class__(**{**vars(samples[0]), "image": tmp_path / "gone.png"})
    with pytest.raises(InputError, match=r"gone\.png: no such file"):
        StreamedBatches(Files((gone,), SIZE), 1)[0]
