"""Charts of how far a model may be believed: expected against true Dice, and what is left as the unsure is given away.

The frame and the colours are those of `keras_hanet.reports.charts`.
"""

from html import escape
from itertools import pairwise

from keras_hanet.reports.svg import (
    BOTTOM,
    FIFTHS,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    element,
    frame,
    linear_axis,
    picture,
    text,
    tick_text,
)

_KINDS = ("curve", "level", "limit", "ideal")  # of the curves of `draw_coverage`, the first is ours


def draw_expected_dice(name, cases, limit):
    """True against expected Dice of each image, with the diagonal and the limit of doubt.

    Args:
        name: of letters, digits and hyphens, unique in the page.
        cases: ((tip, expected 0..1, true 0..1, whether hollow), ...), one or more.
        limit: expected Dice below which a result is doubtful.
    """
    x, y = Axis("expected Dice", 0, 1, FIFTHS), Axis("true Dice", 0, 1, FIFTHS)
    doubt = x.place(limit, LEFT, RIGHT)
    parts = [
        element("line", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP, class_="ideal"),
        *(_point(x, y, *case) for case in cases),
        element("line", x1=doubt, x2=doubt, y1=TOP, y2=BOTTOM, class_="limit"),
        text(doubt - 6, TOP + 12, "doubtful", "end", "value halo"),
    ]
    described = f"{len(cases)} images; a hollow circle has no lesion or no outline. Below {limit:.2f} it is doubtful."
    return picture(name, "True against expected Dice", described, frame(x, y) + "".join(parts))


def draw_coverage(name, curves):
    """Mean Dice of the lesion images kept against the share of images kept, for several orders.

    Args:
        name: as in `draw_expected_dice`.
        curves: {what the images are ordered by: ((coverage, mean Dice), ...)}, at most four, each falling in coverage.
    """
    heights = [height for points in curves.values() for _, height in points]
    x = Axis("share of images kept", 0.5, 1, tuple((i / 10, tick_text(i / 10)) for i in range(5, 11)))
    y = linear_axis("Dice of lesion images kept", min(heights), max(heights))
    parts = []
    for kind, (label, points) in zip(_KINDS, curves.items(), strict=False):
        places = [(x.place(share, LEFT, RIGHT), y.place(height, BOTTOM, TOP)) for share, height in points]
        parts += [_line(start, end, kind) for start, end in pairwise(places)]
        across, up = places[-1]
        parts.append(text(across + 4, up - 5, label, "start", "value halo"))
    described = "; ".join(f"{label}: {points[-1][1]:.3f} of {points[-1][0]:.0%}" for label, points in curves.items())
    return picture(name, "Dice against coverage", described, frame(x, y) + "".join(parts))


def draw_bins(name, title, across, up, bins):
    """What was true against what was predicted, bin by bin; the diagonal is ideal.

    Args:
        name: as in `draw_expected_dice`.
        title: what is shown, for readers of the screen.
        across, up: labels of the axes.
        bins: list of {"num", "predicted", "true"}, both 0..1.
    """
    x, y = Axis(across, 0, 1, FIFTHS), Axis(up, 0, 1, FIFTHS)
    places = [(x.place(b["predicted"], LEFT, RIGHT), y.place(b["true"], BOTTOM, TOP)) for b in bins]
    tips = [f"{b['num']} images of {b['predicted']:.2f}: {b['true']:.2f}" for b in bins]
    parts = [element("line", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP, class_="ideal")]
    parts += [_line(start, end, "curve") for start, end in pairwise(places)]
    for tip, (left, top) in zip(tips, places, strict=True):
        parts.append(element("circle", element("title", escape(tip)), cx=left, cy=top, r=4, class_="dot"))
    return picture(name, title, "; ".join(tips) + ".", frame(x, y) + "".join(parts))


def _point(x, y, tip, expected, true, is_hollow):
    kind = "point missed" if is_hollow else "point"
    place = {"cx": x.place(expected, LEFT, RIGHT), "cy": y.place(true, BOTTOM, TOP)}
    return element("circle", element("title", escape(tip)), **place, r=3, class_=kind)


def _line(start, end, kind):
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=kind, fill="none")
