"""Where in an ultrasound image the tissue is, and how large its pixels are: DICOM PS3.3, C.8.5.5.

The Sequence of Ultrasound Regions says it: a rectangle each, x0, y0 its upper left and x1, y1 its lower right pixel,
both of them inside, counted from 0; and centimetres from pixel to pixel where both units are 3. Millimetres come from
nowhere else: Pixel Spacing (0028,0030) is not how ultrasound is calibrated, and what stands there may be the screen's.
"""

import math
from dataclasses import dataclass

from pydicom.sequence import Sequence

from keras_hanet.frame import ScanArea, Spacing

_TWO_D = 1  # Region Spatial Format
_TISSUE, _COLOUR_FLOW = 1, 2  # Region Data Type
_CENTIMETRES = 3  # Physical Units X and Y Direction
_CORNERS = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
# Some scanners write the pixel behind the last one as x1, y1; anything further is no rounding.
_BEYOND_PX = 1
# Two regions of one scale agree in their deltas to the last digit a scanner keeps.
_SAME_SCALE = 1e-3


@dataclass(frozen=True)
class Regions:
    """What the header says of the picture.

    Attributes:
        area: the 2D region that is looked at; None for the whole image, without a spacing.
        flags: what a person has to know of it, keys of `keras_hanet.analysis.flags.FLAGS`.
    """

    area: ScanArea | None = None
    flags: tuple[str, ...] = ()


def choose_area(dataset):
    """The area of `read_regions`: a `ScanArea`, or None for the whole image without a spacing."""
    return read_regions(dataset).area


def read_regions(dataset):
    """Read the Sequence of Ultrasound Regions (0018,6011) and choose the region to look at.

    The largest 2D region of tissue is taken, the one further left and then further up among equal ones; one of colour
    flow only if there is none of tissue. It has a spacing if both units are centimetres and both deltas are known
    (their sign is the direction of the axis, their size counts) and if no other 2D region of another scale lies over
    it. If any region leaves the image, the image was resampled or cropped after the regions were written: none of them
    is where it says or has the size it says, so the whole image is looked at, in pixels. An image that was resampled
    with all regions still inside it does not show.

    Args:
        dataset: pydicom Dataset with Rows and Columns.

    Returns:
        `Regions`.
    """
    sequence = dataset.get("SequenceOfUltrasoundRegions")
    items = [_read_item(item) for item in sequence] if isinstance(sequence, Sequence) else []
    items = [item for item in items if item is not None]
    scans = list(dict.fromkeys(item for item in items if item.spatial_format == _TWO_D and item.shows_tissue))
    tissue = {item.corners for item in scans if item.data_type == _TISSUE}
    flags = ("colour",) if any(item.data_type == _COLOUR_FLOW for item in scans) else ()
    if not scans:
        return Regions()
    if any(item.leaves(dataset.Rows, dataset.Columns) for item in items):
        return Regions(None, (*flags, "scan area not trusted"))
    chosen = min(scans, key=lambda item: (item.data_type != _TISSUE, -item.size_px, item.corners))
    if len(tissue) > 1:
        flags = (*flags, "several scans")
    spacing = chosen.spacing
    if spacing and not all(_is_same_scale(spacing, other) for other in _spacings_over(chosen, scans)):
        flags, spacing = (*flags, "scales differ"), None
    return Regions(_to_area(chosen, spacing, dataset.Rows, dataset.Columns), flags)


@dataclass(frozen=True)
class _Item:
    """One region: `corners` x0, y0, x1, y1 in pixels, both inside; `spacing` as it says itself."""

    spatial_format: int
    data_type: int
    corners: tuple[int, int, int, int]
    spacing: Spacing | None

    @property
    def shows_tissue(self):
        return self.data_type in (_TISSUE, _COLOUR_FLOW)

    @property
    def size_px(self):
        left, top, right, bottom = self.corners
        return (right - left + 1) * (bottom - top + 1)

    def leaves(self, height, width):
        return self.corners[2] >= width + _BEYOND_PX or self.corners[3] >= height + _BEYOND_PX

    def overlaps(self, other):
        (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = self.corners, other.corners
        return left <= right_2 and left_2 <= right and top <= bottom_2 and top_2 <= bottom


def _read_item(item):
    """An `_Item`, or None for one that is no rectangle."""
    corners = [_number(item, keyword) for keyword in _CORNERS]
    if None in corners or not (0 <= corners[0] < corners[2] and 0 <= corners[1] < corners[3]):
        return None
    kinds = _number(item, "RegionSpatialFormat"), _number(item, "RegionDataType")
    return _Item(*kinds, tuple(map(int, corners)), _own_spacing(item))


def _own_spacing(item):
    units = {_number(item, f"PhysicalUnits{axis}Direction") for axis in "XY"}
    row_mm, column_mm = (10 * abs(_number(item, f"PhysicalDelta{axis}") or 0) for axis in "YX")
    return Spacing(row_mm, column_mm) if units == {_CENTIMETRES} and row_mm > 0 and column_mm > 0 else None


def _number(item, keyword):
    """A finite number of the header, None where it is missing, empty or something else."""
    try:
        value = float(item.get(keyword))
    except (TypeError, ValueError, ArithmeticError):
        return None
    return value if math.isfinite(value) else None


def _spacings_over(chosen, scans):
    return [item.spacing for item in scans if item.spacing and item is not chosen and item.overlaps(chosen)]


def _is_same_scale(first, second):
    pairs = ((first.row_mm, second.row_mm), (first.column_mm, second.column_mm))
    return all(math.isclose(*pair, rel_tol=_SAME_SCALE) for pair in pairs)


def _to_area(chosen, spacing, height, width):
    left, top, right, bottom = chosen.corners
    return ScanArea(top, left, min(bottom + 1, height) - top, min(right + 1, width) - left, spacing)
