"""The outline of a lesion as DICOM wants it: corners of a polygon along the outer sides of its pixels."""

import cv2
import numpy as np

from keras_hanet import metrics


def outline_of(mask, lesion):
    """The closed outline of one lesion, holes filled.

    Args:
        mask: (H, W) uint8 {0, 1} with all lesions of the frame.
        lesion: `LesionMeasures` of one of them.

    Returns:
        (N, 2) float, (column, row) of its corners, the last the first again. (0, 0) is the upper left corner of the
        image's first pixel, whose middle is (0.5, 0.5) (PS3.3 C.18.6.1.1).
    """
    rows = slice(lesion.top_px, lesion.top_px + lesion.box_height_px)
    columns = slice(lesion.left_px, lesion.left_px + lesion.box_width_px)
    labels, areas = metrics.label_regions(mask[rows, columns])
    region = labels == 1 + np.flatnonzero(areas == lesion.area_px)[0]
    # A grid twice as fine: pixels on odd places, their sides and corners on even ones.
    fine = np.zeros([2 * side + 1 for side in region.shape], np.uint8)
    fine[1::2, 1::2] = region
    fine = cv2.dilate(fine, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corners = contours[0][:, 0] / 2 + (lesion.left_px, lesion.top_px)
    return np.concatenate([corners, corners[:1]])
