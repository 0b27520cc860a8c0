"""Batches: what is in them, in which order, and that a resumed epoch is the same epoch."""

import numpy as np
import pytest

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.data.pipeline import SegmentationBatches, Share
from keras_hanet.data.preprocessing import load_sample, resize_image, resize_mask
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.data.storage import Cache, load_cache

SIZE = 8


def numbered_cache(num):
    """Image i is grey i with a mark where its mask is, so that a pair can be told from any other."""
    images = np.empty((num, SIZE, SIZE, 3), np.uint8)
    masks = np.zeros((num, SIZE, SIZE), np.uint8)
    for index in range(num):
        images[index] = 10 + index
        masks[index, index % SIZE, : 1 + index // SIZE] = 1
        images[index][masks[index] == 1] = 200 + index
    return Cache(tuple(range(num)), images, masks)


def epoch_of(batches):
    return [batches[index] for index in range(len(batches))]


def order_of(batches):
    """Numbers of the images, batch after batch."""
    return [int(image.min()) - 10 for images, _ in epoch_of(batches) for image in images]


def equal(first, second):
    pairs = [pair for batches in zip(first, second, strict=True) for pair in zip(*batches, strict=True)]
    return all(np.array_equal(*pair) for pair in pairs)


def test_cache_holds_the_samples_at_the_networks_size(samples):
    cache = load_cache(samples[:5], 32)
    assert cache.images.shape == (5, 32, 32, 3)
    assert cache.masks.shape == (5, 32, 32)
    assert cache.images.dtype == cache.masks.dtype == np.uint8
    assert [sample.id for sample in cache.samples] == [sample.id for sample in samples[:5]]
    for index, sample in enumerate(samples[:5]):
        image, mask = load_sample(sample)
        np.testing.assert_array_equal(cache.images[index], resize_image(image, 32))
        np.testing.assert_array_equal(cache.masks[index], resize_mask(mask, 32))
    assert set(np.unique(cache.masks)) == {0, 1}


def test_progress_sees_every_sample(samples):
    seen = []
    load_cache(samples[:3], 32, progress=lambda items: (seen.append(item) or item for item in items))
    assert len(seen) == 3


def test_batch_is_float32_images_and_masks():
    images, masks = SegmentationBatches(numbered_cache(4), 4)[0]
    assert images.shape == (4, SIZE, SIZE, 3)
    assert masks.shape == (4, SIZE, SIZE, 1)
    assert images.dtype == masks.dtype == np.float32
    assert (images.min(), images.max()) == (10, 203)
    assert set(np.unique(masks)) == {0, 1}


def test_black_and_white_images_stay_as_they_are():
    images = np.stack([np.zeros((SIZE, SIZE, 3), np.uint8), np.full((SIZE, SIZE, 3), 255, np.uint8)])
    batch, _ = SegmentationBatches(Cache((0, 1), images, np.zeros((2, SIZE, SIZE), np.uint8)), 2)[0]
    assert [(image.min(), image.max()) for image in batch] == [(0, 0), (255, 255)]


def test_image_and_mask_belong_together():
    for images, masks in epoch_of(SegmentationBatches(numbered_cache(16), 4, shuffle=True, seed=1)):
        np.testing.assert_array_equal(images[..., :1] >= 200, masks == 1)


def test_image_and_mask_belong_together_when_augmented():
    flip = Augmentation(**dict.fromkeys(Augmentation.__dataclass_fields__, 0.0) | {"flip": 0.5})
    batches = SegmentationBatches(numbered_cache(16), 16, flip, shuffle=True, seed=1)
    images, masks = batches[0]
    np.testing.assert_array_equal(images[..., :1] >= 200, masks == 1)
    flipped = sum(mask[:, -1].any() for mask in masks)
    assert 0 < flipped < 16


@pytest.mark.parametrize("augmentation", [None, Augmentation()])
def test_seed_and_epoch_decide_an_epoch(augmentation):
    def epoch(seed, epoch):
        return epoch_of(SegmentationBatches(numbered_cache(16), 4, augmentation, True, seed, epoch))

    assert equal(epoch(0, 3), epoch(0, 3))
    assert not equal(epoch(0, 3), epoch(0, 4))
    assert not equal(epoch(0, 3), epoch(1, 3))


def test_augmentation_of_an_image_is_another_in_another_epoch():
    cache = numbered_cache(1)
    first, second = (SegmentationBatches(cache, 1, Augmentation(), epoch=epoch)[0][0] for epoch in (0, 1))
    assert not np.array_equal(first, second)


def test_resumed_epoch_is_the_epoch_that_was_broken_off():
    whole = SegmentationBatches(numbered_cache(16), 4, Augmentation(), shuffle=True, seed=5)
    epoch_of(whole)
    whole.epoch = 2
    resumed = SegmentationBatches(numbered_cache(16), 4, Augmentation(), shuffle=True, seed=5, epoch=2)
    assert equal(epoch_of(whole), epoch_of(resumed))


@pytest.mark.parametrize("num", [10, 12])
def test_training_drops_the_small_last_batch_and_repeats_nothing(num):
    batches = SegmentationBatches(numbered_cache(num), 4, shuffle=True)
    assert len(batches) == num // 4
    order = order_of(batches)
    assert len(set(order)) == len(order) == 4 * (num // 4)
    assert order != sorted(order)


def test_validation_keeps_every_image_in_order():
    batches = SegmentationBatches(numbered_cache(10), 4)
    assert [len(images) for images, _ in epoch_of(batches)] == [4, 4, 2]
    assert order_of(batches) == list(range(10))


def test_set_smaller_than_a_batch_is_one_batch():
    batches = SegmentationBatches(numbered_cache(3), 8, shuffle=True)
    assert len(batches) == 1
    assert sorted(order_of(batches)) == [0, 1, 2]


def test_diagnoses_come_beside_the_masks_in_the_same_order(samples):
    cache = load_cache(samples[:10], SIZE)
    batches = SegmentationBatches(cache, 3, shuffle=True, seed=2, diagnoses=True)
    plain = SegmentationBatches(cache, 3, shuffle=True, seed=2)
    for index in range(len(plain)):
        images, targets = batches[index]
        assert np.array_equal(images, plain[index][0])
        assert np.array_equal(targets["segmentation"], plain[index][1])
        chosen = batches._order()[3 * index : 3 * index + 3]
        assert [DIAGNOSES[number] for number in targets["diagnosis"]] == [samples[i].diagnosis for i in chosen]
        assert targets["diagnosis"].dtype == np.int32


def test_an_epoch_repeats_what_it_is_told_and_draws_the_rest_anew():
    repeats = [1, 1, 3, 0, 0, 0, 0, 0]
    batches = SegmentationBatches(numbered_cache(8), 1, shuffle=True, repeats=repeats, num_drawn=2)
    drawn = set()
    for epoch in range(12):
        batches.epoch = epoch
        order = order_of(batches)
        assert len(order) == len(batches) == 7
        assert [order.count(number) for number in range(3)] == repeats[:3]
        extra = [number for number in order if number > 2]
        assert len(set(extra)) == 2
        drawn |= set(extra)
    assert drawn == {3, 4, 5, 6, 7}


def test_no_more_is_drawn_than_there_is():
    batches = SegmentationBatches(numbered_cache(4), 1, shuffle=True, repeats=[1, 1, 0, 0], num_drawn=99)
    assert sorted(order_of(batches)) == [0, 1, 2, 3]


def test_processes_together_take_each_batch_as_one_would():
    whole = SegmentationBatches(numbered_cache(10), 4, Augmentation(), shuffle=True, seed=1)
    shares = [
        SegmentationBatches(numbered_cache(10), 4, Augmentation(), shuffle=True, seed=1, share=Share(4, 2, number))
        for number in range(2)
    ]
    assert len(whole) == len(shares[0]) == 2
    for index in range(2):
        for expected, *parts in zip(whole[index], *(share[index] for share in shares), strict=True):
            assert [len(part) for part in parts] == [2, 2]
            assert np.array_equal(np.concatenate(parts), expected)


def test_devices_get_full_batches_whose_weighted_mean_is_that_of_the_images():
    shares = [SegmentationBatches(numbered_cache(5), 4, share=Share(2, 2, number)) for number in range(2)]
    batches = [[np.concatenate(parts) for parts in zip(shares[0][i], shares[1][i], strict=True)] for i in range(2)]
    greys = [[int(image.min()) - 10 for image in images] for images, _, _ in batches]
    assert greys == [[0, 1, 2, 3], [4, 4, 4, 4]]
    # 8 places for 5 images: each counts 8/5, so that the mean over all places is that over the images.
    assert [weights.tolist() for *_, weights in batches] == [[np.float32(1.6)] * 4, [np.float32(1.6), 0, 0, 0]]


def test_each_output_has_its_weights(samples):
    images, targets, weights = SegmentationBatches(
        load_cache(samples[:3], SIZE), 4, diagnoses=True, share=Share(2)
    )[0]
    assert len(images) == 4
    assert targets.keys() == weights.keys() == {"segmentation", "diagnosis"}
    assert all(value.tolist() == pytest.approx([4 / 3] * 3 + [0]) for value in weights.values())
