"""Images decoded once into memory, and the batches a training takes from them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import numpy as np

from keras_hanet.data.augmentation import augment
from keras_hanet.data.preprocessing import load_sample, resize_image, resize_mask
from keras_hanet.data.sample import DIAGNOSES


@dataclass(frozen=True)
class Cache:
    """Decoded samples at the network's size.

    Attributes:
        samples: tuple of N `Sample`.
        images: (N, S, S, 3) uint8.
        masks: (N, S, S) uint8 in {0, 1}.
    """

    samples: tuple
    images: np.ndarray
    masks: np.ndarray


def load_cache(samples, size, progress=iter):
    """Decode samples, unite their masks and resize both.

    Args:
        samples: sequence of `Sample`.
        size: S in pixels.
        progress: wraps the iterator over samples, a tqdm bar for instance.

    Returns:
        `Cache`, 4 S^2 bytes for each image.

    Raises:
        InputError: if an image or a mask cannot be read or they differ in size.
    """
    images = np.empty((len(samples), size, size, 3), np.uint8)
    masks = np.empty((len(samples), size, size), np.uint8)
    with ThreadPoolExecutor(2) as pool:
        decoded = pool.map(load_sample, samples)
        for index, (_, (image, mask)) in enumerate(zip(progress(samples), decoded, strict=True)):
            images[index] = resize_image(image, size)
            masks[index] = resize_mask(mask, size)
    return Cache(tuple(samples), images, masks)


class SegmentationBatches(keras.utils.PyDataset):
    """Batches (image, mask) over a cache.

    The order and the augmentation of an epoch depend on `seed` and the epoch's number alone, so a
    resumed training sees what an uninterrupted one would have seen.

    Args:
        cache: `Cache`.
        batch_size: images in a batch.
        augmentation: `Augmentation`, or None for the images as they are.
        shuffle: whether each epoch has an order of its own; the last, smaller batch is then left
            out, so that no batch norm sees a handful of images.
        seed: of order and augmentation.
        epoch: number of the epoch; whoever trains sets it as an epoch begins, for Keras passes over a
            data set more often than it trains.
        repeats: (N,) int, how often a shuffled epoch holds each image; None for once each.
        num_drawn: how many images a shuffled epoch holds of those whose repeats are 0; each epoch draws others.
        diagnoses: whether an item tells the diagnoses too, for a network with a classification head.

    An item is image (B, S, S, 3) float32 0..255 and mask (B, S, S, 1) float32 {0, 1}; with `diagnoses` its
    second part is {"segmentation": the mask, "diagnosis": (B,) int32, positions in `DIAGNOSES`}.
    """

    def __init__(
        self, cache, batch_size, augmentation=None, shuffle=False, seed=0, epoch=0, diagnoses=False, repeats=None,
        num_drawn=0,
    ):
        super().__init__(workers=1)
        self.cache = cache
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = epoch
        self.diagnoses = diagnoses
        repeats = np.ones(len(cache.samples), int) if repeats is None else np.asarray(repeats)
        self._always = np.repeat(np.arange(len(repeats)), repeats)
        self._sometimes = np.flatnonzero(repeats == 0)
        self._num_drawn = min(num_drawn, len(self._sometimes))

    def __len__(self):
        num_images = len(self._always) + self._num_drawn if self.shuffle else len(self.cache.samples)
        if self.shuffle and num_images >= self.batch_size:
            return num_images // self.batch_size
        return -(-num_images // self.batch_size)

    def __getitem__(self, index):
        chosen = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        pairs = [self._pair(position) for position in chosen]
        images = np.stack([image for image, _ in pairs]).astype(np.float32)
        masks = np.stack([mask for _, mask in pairs]).astype(np.float32)[..., None]
        if not self.diagnoses:
            return images, masks
        found = [DIAGNOSES.index(self.cache.samples[position].diagnosis) for position in chosen]
        return images, {"segmentation": masks, "diagnosis": np.asarray(found, np.int32)}

    def _order(self):
        if not self.shuffle:
            return np.arange(len(self.cache.samples))
        rng = np.random.default_rng([self.seed, self.epoch])
        drawn = rng.permutation(self._sometimes)[: self._num_drawn]
        return rng.permutation(np.concatenate([self._always, drawn]))

    def _pair(self, position):
        image, mask = self.cache.images[position], self.cache.masks[position]
        if self.augmentation is None:
            return image, mask
        rng = np.random.default_rng([self.seed, self.epoch, int(position)])
        return augment(image, mask, rng, self.augmentation)
