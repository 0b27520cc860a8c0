"""What speaks against relying on a result, seen in the image and its mask, not in the network.

Heuristics; docs/reliability.md says how often each is right. None needs a network, all take a few milliseconds.
"""

import cv2
import numpy as np

from keras_hanet.analysis.image_statistics import distance, image_statistics
from keras_hanet.data.annotations import brightness_and_spread, find_annotations

# In the order in which they are given.
FLAGS = {
    "no scan area": "This does not look like an ultrasound scan: it is blank, all of one grey, or a colour picture.",
    "too dark": "The image is very dark: raise the gain, or check the file's window.",
    "saturated": "Much of the image is pure white: lower the gain, or check the file's window.",
    "unlike the training images": "The image differs from those the model was trained on: no score of it holds here.",
    "scan area not trusted": "The file's scan area lies outside the image: the whole image is looked at, in pixels.",
    "several scans": "The file holds several scans: only the largest is looked at, the left one of equal ones.",
    "scales differ": "Regions of different scale lie over each other: there are no millimetres.",
    "dual view": "Two scans seem to stand side by side: crop the image to one of them.",
    "colour": "Colour lies on the scan (Doppler, elastography, marks): the model was trained on grey images.",
    "calipers": "Calipers are drawn on the scan: the model may have followed them instead of the tissue.",
    "text": "Text is drawn on the scan: the model may have taken it for tissue.",
    "several lesions": "More than one region is outlined: check each of them.",
    "cut by the border": "An outline touches the border of the scan: the lesion may go on, its size is not known.",
}
_STEP = 3  # every third row, or pixel, says enough of what fills an image
_UNIFORM, _ONE_GREY = 4, 0.75  # standard deviation in grey levels; share of pixels within five grey levels
_COLOURED, _COLOURED_SHARE = 40, 1 / 3  # difference of channels; share of pixels that a scan's colour box may take
_DARK = 50  # grey level that 95 % of the pixels are below; no training image is below 63
_WHITE, _WHITE_SHARE = 250, 0.1  # no training image has more than 0.05
_MIDDLE = 0.35, 0.65  # where the seam of two views may be, as shares of the width
_SEAM, _SEAM_RATIO = 8, 2.5  # least step at the seam, in grey levels and in mean steps


def find_flags(frame, mask=None, reliability=None):
    """Look for what speaks against relying on a result.

    Args:
        frame: `Frame`; only its scan area is looked at.
        mask: (H, W) in {0, 1} at the frame's size; None leaves out what needs one.
        reliability: `Reliability` of the model; None leaves out "unlike the training images".

    Returns:
        tuple of keys of FLAGS, in their order, those of the frame's file among them. Of what is no scan nothing else
        is said.
    """
    scan = frame.scan
    sparse = scan[::_STEP, ::_STEP]
    if _is_no_scan(sparse):
        return ("no scan area",)
    annotations = find_annotations(scan)
    found = {
        "too dark": np.percentile(sparse[..., 1], 95) < _DARK,
        "saturated": np.mean(sparse[..., 1] >= _WHITE) > _WHITE_SHARE,
        "unlike the training images": reliability is not None and is_unlike(scan, reliability),
        "dual view": has_seam(scan),
        "colour": annotations.colour,
        "calipers": annotations.calipers,
        "text": annotations.text,
    }
    if mask is not None:
        inside = np.ascontiguousarray(frame.inside(mask), dtype=np.uint8)
        edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        found["several lesions"] = cv2.connectedComponents(inside, connectivity=8)[0] > 2
        found["cut by the border"] = any(edge.any() for edge in edges)
    return tuple(name for name in FLAGS if found.get(name) or name in frame.flags)


def is_unlike(image, reliability):
    """Whether an image, (H, W, 3) uint8, lies beyond the limit of a `Reliability` from all its training images."""
    return distance(image_statistics(image), reliability.distributions.values()) > reliability.distance_limit


def has_seam(image):
    """Whether two pictures stand side by side.

    At a seam the grey jumps from one column to the next in most rows; calipers, boxes and the edge of a shadow are
    shorter than half the height or softer. Scans of a sector, whose edges lean, have none.

    Args:
        image: (H, W, 3) uint8.
    """
    rows = np.ascontiguousarray(image[::_STEP, :, 1])
    if rows.shape[1] < 3:
        return False
    steps = np.median(cv2.absdiff(rows[:, 1:], rows[:, :-1]), axis=0)
    low, high = (int(share * len(steps)) for share in _MIDDLE)
    largest = steps[low : high + 1].max()
    return bool(largest >= _SEAM and largest >= _SEAM_RATIO * (steps.mean() + 1))


def _is_no_scan(image):
    green = image[..., 1]
    counts = np.bincount(green.ravel(), minlength=256)
    one_grey = np.convolve(counts, np.ones(5)).max() > _ONE_GREY * green.size
    _, spread = brightness_and_spread(image)
    return bool(green.std() < _UNIFORM or one_grey or np.mean(spread > _COLOURED) > _COLOURED_SHARE)
