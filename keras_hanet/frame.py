"""One picture of a scan, whatever file it came from, and where in it the tissue is."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spacing:
    """Size of a pixel.

    Attributes:
        row_mm: its height, from one row to the next.
        column_mm: its width.
    """

    row_mm: float
    column_mm: float


@dataclass(frozen=True)
class ScanArea:
    """The rectangle of an image that shows tissue; what lies around it, text and scales, is not looked at.

    Attributes:
        top, left, height, width: in pixels.
        spacing: size of its pixels, None where the file does not say; it is never guessed.
    """

    top: int
    left: int
    height: int
    width: int
    spacing: Spacing | None = None

    @property
    def slices(self):
        """Rows and columns of the area: `image[area.slices]`."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Frame:
    """A picture to be outlined.

    Attributes:
        image: (H, W, 3) uint8 RGB, grey replicated.
        name: what a person calls it, `scan.png`; a frame of several has its number, `cine.dcm#12`, counted from 0.
        area: what the network sees and where millimetres hold; None for the whole image without a spacing.
        time_s: when it was taken, from the start of its film; None for a single picture.
        flags: what its file says against relying on a result, keys of `keras_hanet.analysis.flags.FLAGS`.
    """

    image: np.ndarray
    name: str
    area: ScanArea | None = None
    time_s: float | None = None
    flags: tuple[str, ...] = ()

    @property
    def scan(self):
        """The image inside the area, a view: (h, w, 3) uint8."""
        return self.inside(self.image)

    def inside(self, values):
        """What lies inside the area of an array of the image's height and width, a view: (H, W, ...) -> (h, w, ...)."""
        return values if self.area is None else values[self.area.slices]
