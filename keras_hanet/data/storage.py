"""Where a training keeps its images: decoded in memory, or in their files if memory is too small."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_hanet.data.preprocessing import load_sample, resize_image, resize_mask

STORAGES = ("auto", "memory", "disk")
SHARE_OF_MEMORY = 0.5
_CGROUP = Path("/sys/fs/cgroup")


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

    def pair(self, position):
        """Image (S, S, 3) and mask (S, S) of a sample, uint8."""
        return self.images[position], self.masks[position]


@dataclass(frozen=True)
class Files:
    """Samples that are decoded anew each time, for data sets larger than memory; else as `Cache`.

    Attributes:
        samples: tuple of N `Sample`.
        size: S in pixels.
    """

    samples: tuple
    size: int

    def pair(self, position):
        """Image (S, S, 3) and mask (S, S) of a sample, uint8."""
        image, mask = load_sample(self.samples[position])
        return resize_image(image, self.size), resize_mask(mask, self.size)


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


def open_samples(parts, size, storage="auto", progress=iter, say=print):
    """Make the parts of a data set ready for training.

    Args:
        parts: {name: sequence of `Sample`}.
        size: S in pixels.
        storage: "memory", "disk", or "auto": memory if all parts take at most half of what is free, 4 S^2 bytes an
            image.
        progress: wraps the iterator over samples that are decoded now, a tqdm bar for instance.
        say: takes lines of text for the user.

    Returns:
        {name: `Cache` or `Files`}.

    Raises:
        InputError: if an image or a mask that is decoded now cannot be read.
    """
    num_bytes = 4 * size**2 * sum(map(len, parts.values()))
    if storage == "auto":
        free = available_bytes()
        storage = "disk" if free is not None and num_bytes > SHARE_OF_MEMORY * free else "memory"
        if storage == "disk":
            say(
                f"The images take {num_bytes / 2**30:.1f} GiB, more than half of the {free / 2**30:.1f} GiB of free "
                "memory: they are read from their files in every epoch"
            )
    if storage == "disk":
        return {name: Files(tuple(samples), size) for name, samples in parts.items()}
    return {name: load_cache(samples, size, progress) for name, samples in parts.items()}


def available_bytes(memory_info=Path("/proc/meminfo"), cgroup=_CGROUP):
    """Memory that a process may still take: what Linux has to give, or what its container leaves if that is less.

    Args:
        memory_info: file of Linux that says what is free.
        cgroup: folder in which a container (cgroup version 2) says its limit.

    Returns:
        bytes; None where the system does not say, as on macOS and Windows.
    """
    if not memory_info.is_file():
        return None
    lines = dict(line.split(":") for line in memory_info.read_text().splitlines())
    free = 1024 * int(lines["MemAvailable"].split()[0])
    limit, used = (_read(cgroup / name) for name in ("memory.max", "memory.current"))
    return free if limit in (None, "max") else min(free, max(0, int(limit) - int(used)))


def _read(path):
    return path.read_text().strip() if path.is_file() else None
