"""Labelled panels on one dark sheet: pictures, heat maps with their scale, stacked bars."""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_hanet.explain.regions import enlarge

PANEL_WIDTH = 300
_GAP = 14
_BACKGROUND, _TEXT, _FAINT = (24, 25, 28), (238, 238, 238), (165, 168, 175)
_MAP = cv2.COLORMAP_VIRIDIS  # perceptually uniform: equal steps of a value look alike
_BAR_COLOURS = ((42, 120, 142), (253, 231, 37))  # from VIRIDIS: average, maximum


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet.

    Attributes:
        title: what it shows, one line.
        picture: (h, w, 3) uint8 RGB; scaled to the width of a panel.
        caption: its numbers, at most two lines.
        scale: (low, high) of a heat map's colours, drawn as a bar; None for a picture without.
    """

    title: str
    picture: np.ndarray
    caption: str = ""
    scale: tuple | None = None


def colour(values, low, high):
    """Turn numbers into colours: (h, w) float -> (h, w, 3) uint8 RGB; what lies outside low..high is clipped."""
    bytes_ = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(bytes_, _MAP), cv2.COLOR_BGR2RGB)


def heat_over(image, values, low, high, opacity=0.7):
    """Lay a heat map over an image, cell by cell.

    Args:
        image: (H, W, 3) uint8 RGB.
        values: (h, w) float.
        low, high: the values at the two ends of the colours.
        opacity: of the heat map, 0..1.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    colours = colour(enlarge(values, *image.shape[:2]), low, high)
    return cv2.addWeighted(colours, opacity, image, 1 - opacity, 0)


def draw_gates(average, maximum, height=200):
    """The two coefficients of each channel as stacked bars, channels sorted by their sum.

    Args:
        average, maximum: (C,) float, 0..1; their sum is what the channel is multiplied by, 0..2.
        height: of the picture, in pixels; the sum 2 is its upper edge, a line marks 1.

    Returns:
        (height, PANEL_WIDTH, 3) uint8 RGB.
    """
    order = np.argsort(-(average + maximum))
    columns = order[np.arange(PANEL_WIDTH) * len(order) // PANEL_WIDTH]
    level = 2 * (height - 0.5 - np.arange(height))[:, None] / height
    picture = np.full((height, PANEL_WIDTH, 3), 45, np.uint8)
    picture[level < (average + maximum)[columns]] = _BAR_COLOURS[1]
    picture[level < average[columns]] = _BAR_COLOURS[0]
    picture[height // 2] = _TEXT
    return picture


def draw_sheet(title, lines, rows):
    """Lay panels out in rows under a title.

    Args:
        title: str, the first line.
        lines: list of str under it.
        rows: list of lists of `Panel`.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    num_columns = max(3, *(len(row) for row in rows))
    width = num_columns * (PANEL_WIDTH + _GAP) + _GAP
    pictures = [[_scale(panel.picture) for panel in row] for row in rows]
    lines = [part for line in lines for part in _wrap(line, _font(15), width - 2 * _GAP)]
    top = 50 + 22 * len(lines)
    heights = [26 + max(picture.shape[0] for picture in row) + 58 for row in pictures]
    sheet = Image.new("RGB", (width, top + sum(heights) + _GAP), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 14), title, _TEXT, _font(22))
    for number, line in enumerate(lines):
        draw.text((_GAP, 46 + 22 * number), line, _FAINT, _font(15))
    for row, row_pictures, height in zip(rows, pictures, heights, strict=True):
        for column, (panel, picture) in enumerate(zip(row, row_pictures, strict=True)):
            _draw_panel(sheet, draw, panel, picture, _GAP + column * (PANEL_WIDTH + _GAP), top)
        top += height
    return np.asarray(sheet)


def _draw_panel(sheet, draw, panel, picture, left, top):
    draw.text((left, top + 4), panel.title, _TEXT, _font(15))
    sheet.paste(Image.fromarray(picture), (left, top + 26))
    below = top + 26 + picture.shape[0] + 5
    if panel.scale is not None:
        ramp = colour(np.tile(np.linspace(0, 1, PANEL_WIDTH - 100), (8, 1)), 0, 1)
        sheet.paste(Image.fromarray(ramp), (left + 50, below + 4))
        draw.text((left, below), f"{panel.scale[0]:.3g}", _FAINT, _font(13))
        draw.text((left + PANEL_WIDTH, below), f"{panel.scale[1]:.3g}", _FAINT, _font(13), anchor="ra")
        below += 17
    draw.multiline_text((left, below), panel.caption, _FAINT, _font(13), spacing=3)


def _scale(picture):
    height = round(picture.shape[0] * PANEL_WIDTH / picture.shape[1])
    shrinks = picture.shape[1] > PANEL_WIDTH
    return cv2.resize(
        picture, (PANEL_WIDTH, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST_EXACT
    )


def _wrap(line, font, width):
    """Break a line where it gets wider than `width` pixels."""
    parts = [""]
    for word in line.split():
        longer = f"{parts[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            parts[-1] = longer
        else:
            parts.append(word)
    return parts


def _font(size):
    return ImageFont.load_default(size)
