"""What the one-page report of a case says, whatever file it becomes: pictures, figures, sentences, measures."""

from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np

from keras_hanet.analysis.flags import FLAGS
from keras_hanet.analysis.size_error import long_axis_interval
from keras_hanet.drawing import PREDICTED_COLOUR, draw_overlay
from keras_hanet.reports.document import Table
from keras_hanet.version import __version__

MAX_LESIONS = 5
RELY, MEASURES = "Before you rely on it", "Measures"  # the headings
_MAX_NAME = 60  # characters: a longer one would push the rest off the page


@dataclass(frozen=True)
class CaseContent:
    """Everything on the page, in its order; all text is plain.

    Attributes:
        title: name of the image.
        lead: the model, its version and the time of the report.
        pictures: ((picture, caption), ...): (H, W, 3) uint8 RGB, the scan area alone, so that what a device writes
            around it stays out.
        warning: a sentence, "" unless the result is doubtful.
        figures: ((name, value, what it rests on), ...), the numbers to see first.
        sentences: what to know before relying on the result.
        table: `Table` of the measures, one column a lesion; None without a lesion.
    """

    title: str
    lead: str
    pictures: tuple[tuple[np.ndarray, str], ...]
    warning: str
    figures: tuple[tuple[str, str, str], ...]
    sentences: tuple[str, ...]
    table: Table | None


def describe_case(analysis, model_name):
    """Put into words what is said of a frame.

    Args:
        analysis: `Analysis`.
        model_name: what the model is called, as a person asked for it.

    Returns:
        `CaseContent`.
    """
    shown = analysis.lesions[:MAX_LESIONS]
    return CaseContent(
        title=_shortened(analysis.frame.name),
        lead=f"Model {_shortened(model_name)}, keras-hanet {__version__}, {datetime.now():%Y-%m-%d %H:%M}",
        pictures=(
            (analysis.frame.scan, "Image"),
            (_outlined(analysis, shown), "Outlined by the model" if shown else "No lesion outlined"),
        ),
        warning=_warning(analysis),
        figures=_figures(analysis),
        sentences=_sentences(analysis, shown),
        table=_table(shown, analysis.long_axis_quantiles) if shown else None,
    )


def _warning(analysis):
    if not analysis.doubtful:
        return ""
    if analysis.expected_dice is None:
        why = "the model's errors are not known on such an image"
    else:
        why = "the outline is expected to be poor" if analysis.lesions else "a lesion may have been missed"
    return f"Doubtful: {why}. Do not rely on this result."


def _shortened(name):
    """A name on one line; of a very long one the beginning and the end."""
    name = " ".join(name.split())
    half = _MAX_NAME // 2
    return name if len(name) <= _MAX_NAME else f"{name[:half]} ... {name[-half:]}"


def _outlined(analysis, shown):
    """The scan area with its outlines, numbered if there are several."""
    area = analysis.frame.area
    mask = analysis.frame.inside(analysis.prediction.mask)
    picture = draw_overlay(analysis.frame.scan, np.ascontiguousarray(mask))
    top, left = (0, 0) if area is None else (area.top, area.left)
    size = max(0.5, min(picture.shape[:2]) / 400)
    for number, lesion in enumerate(shown if len(shown) > 1 else (), start=1):
        corner = max(0, lesion.left_px - left), max(round(22 * size), lesion.top_px - top - round(6 * size))
        for colour, width in (((0, 0, 0), 5), (PREDICTED_COLOUR, 2)):  # on a dark rim, to be read on bright tissue
            thickness = max(1, round(width * size))
            cv2.putText(picture, str(number), corner, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thickness, cv2.LINE_AA)
    return picture


def _figures(analysis):
    figures = []
    if analysis.lesions:
        quantiles = analysis.long_axis_quantiles
        interval = "" if quantiles is None else f"90 % interval {_interval(analysis.lesions[0], quantiles)}"
        figures.append(("Long axis, largest lesion", _length(analysis.lesions[0], "long_axis"), interval))
    if analysis.lesion_probability is not None:
        probability = f"{100 * analysis.lesion_probability:.0f} %"
        figures.append(("Lesion probability", probability, "that the image shows a lesion"))
    if analysis.expected_dice is not None:
        rests_on = "0 is no overlap, 1 the same outline" if analysis.lesions else "probability that there is none"
        figures.append(("Expected Dice", f"{analysis.expected_dice:.2f}", rests_on))
    return tuple(figures)


def _sentences(analysis, shown):
    sentences = [] if analysis.lesions else ["The model outlines no lesion. This does not mean that there is none."]
    sentences += [FLAGS[flag] for flag in analysis.flags]
    if analysis.doubtful is False:
        sentences.append("Not doubtful by the model's own rule; check the outline all the same.")
    if analysis.doubtful is None:
        sentences.append("This model has no reliability record: how far to believe its outline is not known.")
    if shown and (analysis.frame.area is None or analysis.frame.area.spacing is None):
        sentences.append("The file gives no pixel spacing: lengths are in pixels.")
    elif any(lesion.is_cut for lesion in shown):
        sentences.append("Of a lesion that the border cuts, lengths are in pixels of the part that is seen.")
    if len(analysis.lesions) > len(shown):
        sentences.append(f"The {len(shown)} largest of {len(analysis.lesions)} outlined regions are listed.")
    if shown and analysis.long_axis_quantiles is not None:
        sentences.append("The interval holds the true long axis of 90 % of outlined lesions, by cross-validation.")
    return tuple(sentences)


def _table(shown, quantiles):
    header = ("", *(f"Lesion {number}" for number in range(1, len(shown) + 1)))
    rows = [("Long axis", *(_length(lesion, "long_axis") for lesion in shown))]
    if quantiles is not None:
        rows.append(("90 % interval of the long axis", *(_interval(lesion, quantiles) for lesion in shown)))
    for name, field in (
        ("Short axis, at a right angle", "short_axis"),
        ("Depth, anteroposterior", "depth"),
        ("Width, along the skin", "transverse"),
        ("Perimeter", "perimeter"),
        ("Distance to the border", "edge_distance"),
    ):
        rows.append((name, *(_length(lesion, field) for lesion in shown)))
    rows.append(("Area", *(_area(lesion) for lesion in shown)))
    rows.append(("Orientation", *(lesion.orientation for lesion in shown)))
    rows.append(("Long axis to the skin", *(f"{lesion.long_axis_angle_deg:.0f}°" for lesion in shown)))
    for name, field in (
        ("Depth to width", "depth_to_width"),
        ("Circularity, 1 for a disc", "circularity"),
        ("Solidity, 1 without a dent", "solidity"),
        ("Irregularity, 0 for an ellipse", "irregularity"),
    ):
        rows.append((name, *(f"{getattr(lesion, field):.2f}" for lesion in shown)))
    return Table(header, tuple(rows))


def _interval(lesion, quantiles):
    is_px = lesion.long_axis_mm is None
    length, unit, digits = (lesion.long_axis_px, "px", 0) if is_px else (lesion.long_axis_mm, "mm", 1)
    low, high = long_axis_interval(length, quantiles)
    return f"{low:.{digits}f} to {high:.{digits}f} {unit}"


def _length(lesion, field):
    length_mm = getattr(lesion, f"{field}_mm")
    return f"{getattr(lesion, f'{field}_px'):.0f} px" if length_mm is None else f"{length_mm:.1f} mm"


def _area(lesion):
    return f"{lesion.area_px} px²" if lesion.area_mm2 is None else f"{lesion.area_mm2:.1f} mm²"
