"""The masks of a film while it is read, on disk as bits: memory stays the same however long it is."""

from tempfile import TemporaryFile

import numpy as np


class MaskSpool:
    """Masks of one size in a temporary file, in order; a context manager that removes it."""

    def __init__(self):
        self._shape = None
        self.num = 0

    def __enter__(self):
        self._file = TemporaryFile()
        return self

    def __exit__(self, *error):
        self._file.close()

    def append(self, mask):
        """Keep the next mask, (H, W) uint8 in {0, 1}."""
        self._shape = mask.shape
        self._file.write(np.packbits(mask).tobytes())
        self.num += 1

    def __iter__(self):
        """Yield the masks again, (H, W) uint8 in {0, 1}."""
        self._file.seek(0)
        if not self.num:
            return
        height, width = self._shape
        for _ in range(self.num):
            packed = np.frombuffer(self._file.read(-(-height * width // 8)), np.uint8)
            yield np.unpackbits(packed, count=height * width).reshape(height, width)
