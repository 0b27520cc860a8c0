"""Analyses of drawn images whose every measure can be told by hand; rectangles, as they are easily counted."""

from dataclasses import replace

import numpy as np

from keras_hanet.analysis.analysis import Analysis
from keras_hanet.analysis.flags import FLAGS
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.inference import Prediction
from keras_hanet.measures import measure_lesions

# The outline comes out between half and twice as long as the lesion.
QUANTILES = (np.log(0.5), 0.0, np.log(2.0))
AREA = ScanArea(20, 10, 200, 280, Spacing(0.1, 0.2))
# Of what is no scan nothing else is said, no image is dark and white, no area both trusted and not.
_NEVER_BESIDE_THE_REST = ("no scan area", "too dark", "scan area not trusted")
NASTY = "<script>alert('|')</script> & \u4e73\u817a.png"


def draw_analysis(boxes=((60, 50, 1, 100),), name="scan.png", area=AREA, flags=(), **belief):
    """An analysis of a grey image of 240 x 300 whose lesions fill `boxes`: (top, left, height, width), ..."""
    image = np.full((240, 300, 3), 90, np.uint8)
    mask = np.zeros((240, 300), np.uint8)
    for top, left, height, width in boxes:
        mask[top : top + height, left : left + width] = 1
    frame = Frame(image, name, area)
    return Analysis(frame, Prediction(mask.astype(np.float32), mask), measure_lesions(mask, area), flags, **belief)


def with_interval(analysis):
    """The same with what is known of the error of a long axis."""
    return replace(analysis, long_axis_quantiles=QUANTILES)


def fullest_analysis():
    """Everything that a page may have to say, of long names and many lesions."""
    boxes = [(20, 10, 30, 61), *((60 + 25 * i, 40 + 15 * i, 12, 100 - 7 * i) for i in range(6))]
    belief = {"lesion_probability": 0.5449, "expected_dice": 0.375, "doubtful": True}
    flags = tuple(name for name in FLAGS if name not in _NEVER_BESIDE_THE_REST)
    return draw_analysis(boxes, "W" * 300 + ".png", flags=flags, **belief)
