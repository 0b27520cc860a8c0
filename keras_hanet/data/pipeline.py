"""The batches that a training takes from its images: their order, their augmentation, and how devices share them."""

from dataclasses import dataclass

import keras
import numpy as np

from keras_hanet.data.augmentation import augment
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.data.storage import Files


@dataclass(frozen=True)
class Share:
    """What part of each batch a process takes: the `process_id`-th of `num_processes` equal runs of images.

    Attributes:
        num_devices: devices of all processes together, among which a batch is divided.
        num_processes: processes.
        process_id: number of this process, from 0.
    """

    num_devices: int = 1
    num_processes: int = 1
    process_id: int = 0


class SegmentationBatches(keras.utils.PyDataset):
    """Batches (image, mask) over samples in memory; `StreamedBatches` are the same from files.

    The order and the augmentation of an epoch depend on `seed` and the epoch's number alone, so a
    resumed training sees what an uninterrupted one would have seen.

    Args:
        cache: `Cache`.
        batch_size: images in a batch, of all devices together.
        augmentation: `Augmentation`, or None for the images as they are.
        shuffle: whether each epoch has an order of its own; the last, smaller batch is then left
            out, so that no batch norm sees a handful of images.
        seed: of order and augmentation.
        epoch: number of the epoch; whoever trains sets it as an epoch begins, for Keras passes over a
            data set more often than it trains.
        repeats: (N,) int, how often a shuffled epoch holds each image; None for once each.
        num_drawn: how many images a shuffled epoch holds of those whose repeats are 0; each epoch draws others.
        diagnoses: whether an item tells the diagnoses too, for a network with a classification head.
        share: `Share`, what part of a batch this process takes.

    An item is image (B, S, S, 3) float32 0..255 and mask (B, S, S, 1) float32 {0, 1}; with `diagnoses` its
    second part is {"segmentation": the mask, "diagnosis": (B,) int32, positions in `DIAGNOSES`}.

    Several devices take equal parts, so that without `shuffle` the last batch is filled up with its last image. Each
    item then has a third part, weights (B,) float32, once for each output: 0 for what fills up, else the number of
    images with it over that without it, whereby Keras' means over all batches are those over the images.
    """

    def __init__(
        self, cache, batch_size, augmentation=None, shuffle=False, seed=0, epoch=0, diagnoses=False, repeats=None,
        num_drawn=0, share=Share(),
    ):
        super().__init__(workers=1)
        self.cache = cache
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = epoch
        self.diagnoses = diagnoses
        self.share = share
        repeats = np.ones(len(cache.samples), int) if repeats is None else np.asarray(repeats)
        self._always = np.repeat(np.arange(len(repeats)), repeats)
        self._sometimes = np.flatnonzero(repeats == 0)
        self._num_drawn = min(num_drawn, len(self._sometimes))
        self._drawn = None, None

    @property
    def num_images(self):
        """How many images an epoch draws from, before a smaller last batch is left out."""
        return len(self._always) + self._num_drawn if self.shuffle else len(self.cache.samples)

    def __len__(self):
        if self.shuffle and self.num_images >= self.batch_size:
            return self.num_images // self.batch_size
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index):
        positions = self._positions(index)
        pairs = self._pairs(index)
        images = np.stack([image for image, _ in pairs]).astype(np.float32)
        masks = np.stack([mask for _, mask in pairs]).astype(np.float32)[..., None]
        weights = self._weights(index)
        if not self.diagnoses:
            return (images, masks) if weights is None else (images, masks, weights)
        found = [DIAGNOSES.index(self.cache.samples[position].diagnosis) for position in positions]
        targets = {"segmentation": masks, "diagnosis": np.asarray(found, np.int32)}
        return (images, targets) if weights is None else (images, targets, dict.fromkeys(targets, weights))

    def _positions(self, index):
        """Of the samples in this process's part of a batch."""
        batch = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        if self._is_filled_up():
            batch = np.pad(batch, (0, self.batch_size - len(batch)), mode="edge")
        return batch[self._part(len(batch))]

    def _part(self, num_images):
        """Where this process's part of a batch lies."""
        part = num_images // self.share.num_processes
        return slice(self.share.process_id * part, (self.share.process_id + 1) * part)

    def _weights(self, index):
        if not self._is_filled_up():
            return None
        num_samples = len(self.cache.samples)
        numbers = np.arange(index * self.batch_size, (index + 1) * self.batch_size)[self._part(self.batch_size)]
        return np.where(numbers < num_samples, len(self) * self.batch_size / num_samples, 0).astype(np.float32)

    def _is_filled_up(self):
        return self.share.num_devices > 1 and not self.shuffle

    def _order(self):
        """Positions of an epoch's samples in their order; drawn once an epoch."""
        if not self.shuffle:
            return np.arange(len(self.cache.samples))
        if self._drawn[0] != self.epoch:
            rng = np.random.default_rng([self.seed, self.epoch])
            drawn = rng.permutation(self._sometimes)[: self._num_drawn]
            self._drawn = self.epoch, rng.permutation(np.concatenate([self._always, drawn]))
        return self._drawn[1]

    def _pairs(self, index):
        return [self._pair(position, self.epoch) for position in self._positions(index)]

    def _pair(self, position, epoch):
        image, mask = self.cache.pair(position)
        if self.augmentation is None:
            return image, mask
        rng = np.random.default_rng([self.seed, epoch, int(position)])
        return augment(image, mask, rng, self.augmentation)


def make_batches(images, *arguments, **keywords):
    """`SegmentationBatches` over a `Cache`, or the same batches over `Files`; the arguments are those of the first."""
    if isinstance(images, Files):
        # Needs Grain, which only data sets larger than memory need.
        from keras_hanet.data.streaming import StreamedBatches

        return StreamedBatches(images, *arguments, **keywords)
    return SegmentationBatches(images, *arguments, **keywords)
