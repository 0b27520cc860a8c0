"""The two tables of `hanet predict`: one row a frame, one row a lesion."""

import csv
from contextlib import ExitStack, contextmanager

from keras_hanet.analysis.size_error import long_axis_interval
from keras_hanet.files import replacing
from keras_hanet.measures import LESION_COLUMNS, to_row

FRAMES = "measures.csv"
LESIONS = "lesions.csv"
FRAME_COLUMNS = (
    *("image", "frame", "time_s", "height_px", "width_px", "row_mm", "column_mm", "num_lesions", "lesion_area_px"),
    *("lesion_area_mm2", "lesion_share", "largest_probability", "lesion_probability", "expected_dice", "doubtful"),
    "flags",
)
LESION_ROW_COLUMNS = (
    *LESION_COLUMNS,
    *("long_axis_low_px", "long_axis_high_px", "long_axis_low_mm", "long_axis_high_mm"),
)


class Tables:
    """Both tables while they are being written; made by `writing_tables`."""

    def __init__(self, frames, lesions):
        self._frames = csv.DictWriter(frames, FRAME_COLUMNS, lineterminator="\n")
        self._lesions = csv.DictWriter(lesions, ("image", "frame", "lesion", *LESION_ROW_COLUMNS), lineterminator="\n")
        for table in (self._frames, self._lesions):
            table.writeheader()

    def add(self, image, number, analysis):
        """Add a frame and its lesions.

        Args:
            image: what the table calls the file.
            number: of the frame in it, counted from 0.
            analysis: `Analysis`.
        """
        place = {"image": image, "frame": number}
        self._frames.writerow({**place, **frame_row(analysis)})
        for lesion, measures in enumerate(analysis.lesions, start=1):
            self._lesions.writerow({**place, "lesion": lesion, **lesion_row(measures, analysis)})


@contextmanager
def writing_tables(folder):
    """Give `Tables` that fill `measures.csv` and `lesions.csv` row by row; both are whole or not there.

    Args:
        folder: path.
    """
    with ExitStack() as stack:
        files = []
        for name in (FRAMES, LESIONS):
            temporary = stack.enter_context(replacing(folder / name))
            files.append(stack.enter_context(open(temporary, "w", newline="", encoding="utf-8")))
        yield Tables(*files)


def frame_row(analysis):
    """A frame as a row of FRAME_COLUMNS without its place; None and what is not known become empty cells."""
    frame, prediction = analysis.frame, analysis.prediction
    height, width = prediction.mask.shape
    spacing = None if frame.area is None else frame.area.spacing
    area = int(prediction.mask.sum())
    areas_mm2 = [lesion.area_mm2 for lesion in analysis.lesions]
    is_known = spacing is not None and None not in areas_mm2
    return {
        "time_s": _rounded(frame.time_s),
        "height_px": height,
        "width_px": width,
        "row_mm": "" if spacing is None else round(spacing.row_mm, 6),
        "column_mm": "" if spacing is None else round(spacing.column_mm, 6),
        "num_lesions": len(analysis.lesions),
        "lesion_area_px": area,
        "lesion_area_mm2": _rounded(sum(areas_mm2)) if is_known else "",
        "lesion_share": round(area / (frame.scan.shape[0] * frame.scan.shape[1]), 6),
        "largest_probability": _rounded(float(prediction.probability.max())),
        "lesion_probability": _rounded(analysis.lesion_probability),
        "expected_dice": _rounded(analysis.expected_dice),
        "doubtful": "" if analysis.doubtful is None else int(analysis.doubtful),
        "flags": "; ".join(analysis.flags),
    }


def lesion_row(measures, analysis):
    """A lesion of an analysis as a row of LESION_ROW_COLUMNS: its measures, and the 90 % interval of its long axis."""
    row = to_row(measures)
    for unit in ("px", "mm"):
        length = getattr(measures, f"long_axis_{unit}")
        is_known = analysis.long_axis_quantiles is not None and length is not None
        low, high = long_axis_interval(length, analysis.long_axis_quantiles) if is_known else (None, None)
        row[f"long_axis_low_{unit}"], row[f"long_axis_high_{unit}"] = _rounded(low), _rounded(high)
    return row


def _rounded(value):
    return "" if value is None else round(value, 4)
