"""Batches whose images are read from their files while the network trains, by threads of Grain."""

import os
import threading

import grain

from keras_hanet.data.pipeline import SegmentationBatches


class StreamedBatches(SegmentationBatches):
    """The batches of `SegmentationBatches`, the same to the last bit, of `Files`: memory holds a few batches only.

    Grain reads ahead as many batches as the machine has cores. Batches asked for in their order come from what was
    read; any other index starts the reading anew there, so that a resumed training goes on at once.
    """

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self._next = None
        # TensorFlow takes batches in a thread of its own, and one pass may begin before another has ended.
        self._lock = threading.Lock()

    def _pairs(self, index):
        with self._lock:
            if self._next != (self.epoch, index):
                self._ahead = self._read_from(index)
            self._next = self.epoch, index + 1
            return next(self._ahead)

    def _read_from(self, index):
        """Iterator over the pairs of each batch from one on to the end of the epoch."""
        epoch, num_cores = self.epoch, os.cpu_count()
        batches = grain.MapDataset.source([self._positions(later) for later in range(index, len(self))])
        pairs = batches.map(lambda positions: [self._pair(position, epoch) for position in positions])
        return iter(pairs.to_iter_dataset(grain.ReadOptions(num_threads=num_cores, prefetch_buffer_size=num_cores)))
