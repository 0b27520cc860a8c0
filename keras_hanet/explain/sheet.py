"""An explanation as a contact sheet: image, probability, attention, what SFEB lets through."""

import cv2
import numpy as np

from keras_hanet.drawing import PREDICTED_COLOUR, REFERENCE_COLOUR, draw_overlay
from keras_hanet.explain.contact_sheet import Panel, colour, draw_gates, draw_sheet, heat_over
from keras_hanet.explain.regions import find_centre, part_image
from keras_hanet.explain.summary import NAMES, describe
from keras_hanet.version import INTENDED_USE

_MAX_KEYS = 30  # columns of the picture of attention between channels
_PASSED_SCALE = (0.5, 1.5)  # of |Y| / |X|
_MISSED_COLOUR = (255, 60, 160)  # magenta
_MARK_COLOUR = (255, 255, 255)


def draw_explanation(name, explanation, image, mask_true, summary):
    """The contact sheet of an image.

    Args:
        name: of the image, for the title.
        explanation: `Explanation`.
        image: (H, W, 3) uint8 RGB.
        mask_true: (H, W) uint8 {0, 1}, the reference; None if there is none.
        summary: what `summarise_explanation` gives.

    Returns:
        (height, width, 3) uint8 RGB. Parts that the network does not have have no panels.
    """
    centre = find_centre(explanation.prediction.mask if mask_true is None else mask_true,
                         explanation.prediction.probability)
    rows = [_image_panels(explanation.prediction, image, mask_true, summary)]
    for part in explanation.attentions:
        rows.append(_attention_panels(part, explanation, image, mask_true, centre))
    if explanation.enhancements:
        rows += _enhancement_rows(explanation, image, mask_true)
    score = "no reference" if summary["dice"] is None else f"Dice {summary['dice']:.3f}"
    return draw_sheet(f"{name}: {score}", [*describe(summary), INTENDED_USE], rows)


def _image_panels(prediction, image, mask_true, summary):
    reference = "" if mask_true is None else ", reference green"
    panels = [Panel("Image", draw_overlay(image, prediction.mask, mask_true), f"prediction orange{reference}")]
    if mask_true is not None:
        areas = {name: values["area_px"] for name, values in summary["regions"].items() if name != "elsewhere"}
        caption = ", ".join(f"{name} {area:,} px" for name, area in areas.items())
        panels.append(Panel("Found green, missed magenta, false orange", _draw_errors(prediction, image, mask_true),
                            caption or "nothing there, nothing outlined"))
    panels.append(Panel("Probability", _outline(colour(prediction.probability, 0, 1), mask_true),
                        f"largest {prediction.probability.max():.2f}", (0, 1)))
    return panels


def _attention_panels(part, explanation, image, mask_true, centre):
    attention, name = explanation.attentions[part], NAMES[part]
    grid, size = attention.added.shape, len(attention.weights)
    numbers = f"entropy {attention.relative_entropy:.4f} of uniform"

    def over(values, floor):
        high = max(floor, float(values.max()))
        return _outline(heat_over(image, values, 0, high), mask_true), (0, high)

    if attention.tokens == "channels":
        panels = [_channel_panel(attention, name, numbers)]
    else:
        received = attention.received.reshape(grid)
        picture, scale = over(received, 2.0)
        panels = [Panel(f"{name}: attention received, x uniform", picture, numbers, scale)]
        cell = centre[0] * grid[0] // image.shape[0], centre[1] * grid[1] // image.shape[1]
        of_centre = attention.weights[cell[0] * grid[1] + cell[1]].reshape(grid) * size
        picture, scale = over(of_centre, 2.0)
        cv2.drawMarker(picture, centre[::-1], _MARK_COLOUR, cv2.MARKER_CROSS, max(image.shape[:2]) // 20,
                       max(1, max(image.shape[:2]) // 200))
        panels.append(Panel(f"{name}: attention of the cross, x uniform", picture,
                            f"largest {of_centre.max():.2f}", scale))
    picture, scale = over(attention.added, 0.5)
    panels.append(Panel(f"{name}: what it adds, share of the features", picture,
                        f"lambda {attention.scale:.4f}, mean {attention.added.mean():.3f}", scale))
    return panels


def _channel_panel(attention, name, numbers):
    """Every channel's attention to those that receive most; rows that attend to the same one stand together."""
    size = len(attention.weights)
    keys = np.argsort(-attention.received)[:_MAX_KEYS]
    shown = attention.weights[:, keys] * size
    shown = shown[np.argsort(shown.argmax(axis=1), kind="stable")]
    high = max(2.0, float(shown.max()))
    share = attention.received[keys].sum() / size
    caption = f"{size} channels to {len(keys)}, {100 * share:.1f} % of all attention\n{numbers}"
    picture = colour(cv2.resize(shown, (300, 230), interpolation=cv2.INTER_AREA), 0, high)
    return Panel(f"{name}: attention of channels, x uniform", picture, caption, (0, high))


def _enhancement_rows(explanation, image, mask_true):
    passed, gates = [], []
    for layer, part in explanation.enhancements.items():
        name = f"SFEB {layer.removesuffix('_enhancement').replace('_', ' ')}"
        size = f"{part.passed.shape[0]} x {part.passed.shape[1]}"
        picture = _outline(heat_over(image, part.passed, *_PASSED_SCALE), mask_true)
        passed.append(Panel(f"{name}: |Y| / |X|", picture, f"{size}, mean {part.passed.mean():.2f}", _PASSED_SCALE))
        if part.average.ndim == 1:
            caption = f"average {part.average.mean():.2f} (blue) + maximum {part.maximum.mean():.2f} (yellow)"
            gates.append(Panel(f"{name}: {len(part.average)} channel gates, 0..2",
                               draw_gates(part.average, part.maximum), caption))
        else:
            for kind, values in (("average", part.average), ("maximum", part.maximum)):
                picture = _outline(heat_over(image, values, 0, 1), mask_true)
                gates.append(Panel(f"{name}: {kind} map", picture, f"mean {values.mean():.2f}", (0, 1)))
    return [passed, *(gates[start : start + len(passed)] for start in range(0, len(gates), len(passed)))]


def _draw_errors(prediction, image, mask_true):
    regions = part_image(prediction.mask, mask_true)
    painted = image.copy()
    for name, shade in (("found", REFERENCE_COLOUR), ("missed", _MISSED_COLOUR), ("false", PREDICTED_COLOUR)):
        if name in regions:
            painted[regions[name]] = shade
    return cv2.addWeighted(painted, 0.45, image, 0.55, 0)


def _outline(picture, mask_true):
    """White around the reference: on a heat map green and orange would not be seen."""
    if mask_true is None:
        return picture
    outlines, _ = cv2.findContours(mask_true, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    thickness = max(1, round(min(picture.shape[:2]) / 256))
    return cv2.drawContours(np.ascontiguousarray(picture), outlines, -1, _MARK_COLOUR, thickness)
