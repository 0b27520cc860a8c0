"""Measures of each lesion in the terms of BI-RADS ultrasound: size in millimetres, orientation, shape, margin.

In pixels of the image always; in millimetres where the file gives the size of its pixels and the lesion lies wholly
inside the scan area. What a border cuts off may be of any size, so its millimetres are left out, not guessed.
"""

from dataclasses import dataclass, fields

import cv2
import numpy as np
from scipy import ndimage

from keras_hanet import metrics
from keras_hanet.frame import ScanArea, Spacing

_LENGTHS = ("long_axis", "short_axis", "depth", "transverse", "perimeter", "edge_distance")


@dataclass(frozen=True)
class LesionMeasures:
    """One connected region of a mask.

    Shape and orientation are physical where the spacing is known, also of a lesion that is cut, of which they say
    what the image shows; else pixels are taken for squares.

    Attributes:
        top_px, left_px, box_height_px, box_width_px: its box in the image, in whole pixels.
        centre_row_px, centre_column_px: its centre of gravity, of which (0, 0) is the middle of the first pixel.
        long_axis_px, long_axis_mm: longest diameter, as `metrics.long_axis`.
        short_axis_px, short_axis_mm: longest diameter at a right angle to it, as `metrics.axes`.
        depth_px, depth_mm: extent from top to bottom of the image, anteroposterior.
        transverse_px, transverse_mm: extent from side to side, along the skin.
        perimeter_px, perimeter_mm: length of the outline, as `metrics.perimeter`.
        area_px, area_mm2: number of pixels, and their area.
        edge_distance_px, edge_distance_mm: width of the narrowest strip between it and the border of the scan area; 0
            where it touches.
        depth_to_width: depth over transverse extent.
        long_axis_angle_deg: of the long axis against the skin, which is taken to lie along the image's rows, 0..90.
        orientation: "parallel" if it is wider than deep; "not parallel" if it is deeper than wide or as deep as wide:
            a round mass is not parallel (ACR BI-RADS Ultrasound, 5th edition, 2013, "orientation").
        circularity, irregularity: 0..1, as of `metrics.Shape`.
        solidity: 0..1, as `metrics.solidity`.
        is_cut: whether it touches the border of the scan area or lies partly outside; then no `_mm` is known.
    """

    top_px: int
    left_px: int
    box_height_px: int
    box_width_px: int
    centre_row_px: float
    centre_column_px: float
    long_axis_px: float
    long_axis_mm: float | None
    short_axis_px: float
    short_axis_mm: float | None
    depth_px: float
    depth_mm: float | None
    transverse_px: float
    transverse_mm: float | None
    perimeter_px: float
    perimeter_mm: float | None
    area_px: int
    area_mm2: float | None
    edge_distance_px: float
    edge_distance_mm: float | None
    depth_to_width: float
    long_axis_angle_deg: float
    orientation: str
    circularity: float
    solidity: float
    irregularity: float
    is_cut: bool


LESION_COLUMNS = tuple(field.name for field in fields(LesionMeasures))


def measure_lesions(mask, area=None):
    """Measure every lesion of a mask, a connected region in which a pixel has 8 neighbours.

    Args:
        mask: (H, W), any dtype, in {0, 1}, at the size of the image.
        area: `ScanArea` of the image; None for the whole image without a spacing.

    Returns:
        tuple of `LesionMeasures`, largest area first, of equal ones the uppermost.
    """
    mask = np.asarray(mask).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return ()
    labels, areas = metrics.label_regions(mask[top : top + height, left : left + width])
    boxes = ndimage.find_objects(labels)
    area = area or ScanArea(0, 0, *mask.shape)
    largest_first = np.argsort(-areas, kind="stable")
    regions = ((labels[boxes[i]] == i + 1, boxes[i]) for i in largest_first)
    return tuple(_measure(region, top + box[0].start, left + box[1].start, area) for region, box in regions)


def to_row(measures):
    """A lesion as a row of a table with LESION_COLUMNS: four decimals, an empty cell for what is not known."""
    return {name: _to_cell(getattr(measures, name)) for name in LESION_COLUMNS}


def _measure(region, top, left, area):
    """Measures of a region, (h, w) bool, that fills its box, whose corner is at (top, left) of the image."""
    height, width = region.shape
    # Rows and columns of the scan area that lie between the region and its borders.
    rows = min(top - area.top, area.top + area.height - top - height)
    columns = min(left - area.left, area.left + area.width - left - width)
    gaps, is_cut = (max(0, rows), max(0, columns)), min(rows, columns) <= 0
    in_pixels = _measure_in(region, gaps, Spacing(1, 1))
    physical = in_pixels if area.spacing is None else _measure_in(region, gaps, area.spacing)
    is_known = area.spacing is not None and not is_cut
    moments = cv2.moments(region.astype(np.uint8), binaryImage=True)
    num_pixels = int(moments["m00"])
    return LesionMeasures(
        top_px=top,
        left_px=left,
        box_height_px=height,
        box_width_px=width,
        centre_row_px=top + moments["m01"] / num_pixels,
        centre_column_px=left + moments["m10"] / num_pixels,
        area_px=num_pixels,
        area_mm2=num_pixels * area.spacing.row_mm * area.spacing.column_mm if is_known else None,
        **{f"{name}_px": in_pixels[name] for name in _LENGTHS},
        **{f"{name}_mm": physical[name] if is_known else None for name in _LENGTHS},
        depth_to_width=physical["depth"] / physical["transverse"],
        long_axis_angle_deg=physical["angle"],
        orientation="parallel" if physical["depth"] < physical["transverse"] else "not parallel",
        circularity=physical["circularity"],
        solidity=metrics.solidity(region),
        irregularity=physical["irregularity"],
        is_cut=is_cut,
    )


def _measure_in(region, gaps, spacing):
    """What depends on the spacing, lengths in its unit."""
    pixel = spacing.row_mm, spacing.column_mm
    axes, shape = metrics.axes(region, pixel), metrics.shape(region, pixel)
    return {
        "long_axis": axes.long,
        "short_axis": axes.short,
        "angle": axes.angle_deg,
        "depth": region.shape[0] * spacing.row_mm,
        "transverse": region.shape[1] * spacing.column_mm,
        "edge_distance": min(gaps[0] * spacing.row_mm, gaps[1] * spacing.column_mm),
        **shape._asdict(),
    }


def _to_cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return round(value, 4) if isinstance(value, float) else value
