"""What a scanner or its user drew over an image: colour, calipers, text.

Drawn strokes are bright, of one grey, and end within a pixel, where tissue fades over several. So a stroke is a
connected region of bright pixels whose surroundings are much darker from the first pixel on. A caliper is a stroke in
the form of "+"; text is two or more strokes of one height in a row. A logo in the top left corner, which some
scanners leave on every image, is passed over. Heuristics: docs/doctor.md says how often they err.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_COLOURED = 20  # difference of channels, grey levels, that is no rounding of JPEG
_COLOURED_SHARE = 1e-4  # of the pixels: a letter in 640 x 480
_BRIGHT = 190  # grey level of strokes and above
_STEP = 55  # grey levels between a stroke and the pixels around it
_SMALLEST, _LARGEST = 7, 40  # height of a stroke, pixels
_ARM, _THICKEST = 9, 5  # least length and most width of an arm of a caliper, pixels
_LOGO = 40  # side of the corner that is passed over, pixels


@dataclass(frozen=True)
class Annotations:
    """What is drawn over an image; true if any of the three is."""

    colour: bool
    calipers: bool
    text: bool

    def __bool__(self):
        return self.colour or self.calipers or self.text


def find_annotations(image):
    """Look for colour (Doppler, coloured marks), calipers and burnt-in text.

    Args:
        image: (H, W, 3) uint8 RGB, at the size the scanner stored, not enlarged.

    Returns:
        An `Annotations`.
    """
    brightest, spread = brightness_and_spread(image)
    coloured = np.mean(spread > _COLOURED) > _COLOURED_SHARE
    strokes = _find_strokes(brightest)
    marks = [_is_cross(pixels) for _, pixels in strokes]
    letters = [box for (box, _), mark in zip(strokes, marks, strict=True) if not mark]
    return Annotations(bool(coloured), any(marks), _has_row(letters))


def brightness_and_spread(image):
    """The largest channel of each pixel, and how far above the smallest it lies, 0 where the pixel is grey.

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        two (H, W) uint8.
    """
    # Channel by channel: NumPy's maximum over an axis of three takes ten times as long.
    red, green, blue = (np.ascontiguousarray(image[..., channel]) for channel in range(3))
    brightest = cv2.max(cv2.max(red, green), blue)
    return brightest, brightest - cv2.min(cv2.min(red, green), blue)


def _find_strokes(grey):
    """Boxes (x, y, width, height) and pixels, (height, width) bool, of the regions that look drawn."""
    num, labels, boxes, _ = cv2.connectedComponentsWithStats((grey >= _BRIGHT).astype(np.uint8))
    strokes = []
    for label in range(1, num):
        x, y, width, height, area = (int(value) for value in boxes[label])
        if not (_SMALLEST <= height <= _LARGEST and 2 <= width <= _LARGEST and area >= 12):
            continue
        if x + width <= _LOGO and y + height <= _LOGO:
            continue
        window = slice(max(0, y - 1), y + height + 1), slice(max(0, x - 1), x + width + 1)
        inside = labels[window] == label
        around = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~inside
        values = grey[window]
        if around.any() and np.median(values[inside]) - np.median(values[around]) >= _STEP:
            strokes.append(((x, y, width, height), labels[y : y + height, x : x + width] == label))
    return strokes


def _is_cross(pixels):
    """Whether a region holds a "+": two thin arms of about one length that cross in their middle thirds."""
    region = pixels.astype(np.uint8)
    across = cv2.morphologyEx(region, cv2.MORPH_OPEN, np.ones((1, _ARM), np.uint8), borderValue=0)
    along = cv2.morphologyEx(region, cv2.MORPH_OPEN, np.ones((_ARM, 1), np.uint8), borderValue=0)
    rows, columns = np.flatnonzero(across.any(axis=1)), np.flatnonzero(along.any(axis=0))
    if not (0 < len(rows) <= _THICKEST and 0 < len(columns) <= _THICKEST):
        return False
    (left, right), (top, bottom) = (
        np.flatnonzero(arm.any(axis=axis))[[0, -1]] for arm, axis in ((across, 0), (along, 1))
    )
    width, height = right - left + 1, bottom - top + 1
    middle = (columns.mean() - left) / width, (rows.mean() - top) / height
    centred = 0.6 <= width / height <= 1.6 and all(1 / 3 <= place <= 2 / 3 for place in middle)
    # A dotted line or a digit may touch it; a letter is more than two arms.
    return centred and np.count_nonzero(across | along) >= 0.75 * np.count_nonzero(region)


def _has_row(boxes):
    """Whether two boxes of about one height stand side by side like letters."""
    boxes = sorted(boxes)
    for index, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, _, other_height in boxes[index + 1 :]:
            gap = other_x - (x + width)
            if gap > height:
                break
            shift = abs(y + height / 2 - other_y - other_height / 2)
            if gap >= -2 and shift <= 0.2 * height and 0.8 <= other_height / height <= 1.25:
                return True
    return False
