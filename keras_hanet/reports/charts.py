"""The charts of a report, each from plain numbers to one SVG text.

What the network predicts is drawn in orange and what the reference or the ideal is in green, as the outlines
of the overlays are; what it missed has the colour of the text. See `keras_hanet.reports.svg`.
"""

from html import escape

import numpy as np

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
    log_axis,
    picture,
    text,
    tick_text,
)

NUM_BINS = 20
_ROWS_TOP, _ROW_HEIGHT = 6, 24
_NAMES_END = 140  # where the names of an interval chart end and its axis starts


def draw_histogram(name, dices, num_missed):
    """How often each Dice occurs, in NUM_BINS bins of equal width, missed lesions in a bar of their own.

    Args:
        name: of letters, digits and hyphens, unique in the page.
        dices: Dice of the lesion images with a prediction, 0..1; 1 belongs to the last bin.
        num_missed: lesion images whose prediction is empty.
    """
    counts, edges = np.histogram(dices, bins=NUM_BINS, range=(0, 1))
    x = Axis("Dice of a lesion image", -0.18, 1, ((-0.105, "missed"), *FIFTHS))
    y = linear_axis("images", 0, max(5, *counts, num_missed))
    bars = [(low, high, count, "bar") for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)]
    bars.append((-0.13, -0.08, num_missed, "bar missed"))
    parts = []
    for low, high, count, kind in bars:
        if count:
            left, right = x.place(low, LEFT, RIGHT), x.place(high, LEFT, RIGHT)
            top = y.place(count, BOTTOM, TOP)
            words = "missed" if "missed" in kind else f"Dice {low:.2f} to {high:.2f}"
            tip = element("title", f"{words}: {count}")
            size = {"x": left + 0.75, "y": top, "width": right - left - 1.5, "height": BOTTOM - top}
            parts.append(element("rect", tip, **size, class_=kind))
    missed = x.place(-0.105, LEFT, RIGHT)
    parts.append(text(missed, y.place(num_missed, BOTTOM, TOP) - 5, str(num_missed), "middle", "value"))
    described = f"Dice of {len(dices)} lesion images with a prediction; {num_missed} missed lesions stand apart."
    return picture(name, "Distribution of Dice", described, frame(x, y) + "".join(parts))


def draw_dice_by_size(name, cases):
    """Dice of each lesion image against the lesion's share of the image, on a logarithmic axis.

    Args:
        name: as in `draw_histogram`.
        cases: ((id, share of the image in percent, Dice 0..1, whether missed), ...), one or more.
    """
    shares = [share for _, share, _, _ in cases]
    x = log_axis("lesion, % of the image", min(shares), max(shares))
    y = Axis("Dice", 0, 1, FIFTHS)
    points = [(f"{case}: Dice {dice:.3f}", share, dice, missed) for case, share, dice, missed in cases]
    described = f"{len(cases)} lesion images; a hollow circle is a missed lesion."
    return picture(name, "Dice against lesion size", described, frame(x, y) + _points(points, x, y))


def draw_points(name, title, across, up, points):
    """One value against another.

    Args:
        name: as in `draw_histogram`.
        title: what is shown, for readers of the screen.
        across, up: labels of the axes, with units.
        points: ((tip, x, y, whether hollow), ...), one or more; the tip is also written beside the point.
    """
    x = linear_axis(across, min(point[1] for point in points), max(point[1] for point in points))
    y = linear_axis(up, min(point[2] for point in points), max(point[2] for point in points))
    named = [
        _name_point(tip, x.place(value, LEFT, RIGHT), y.place(height, BOTTOM, TOP)) for tip, value, height, _ in points
    ]
    described = "; ".join(f"{tip}: {value:g}, {height:.1f}" for tip, value, height, _ in points)
    return picture(name, title, described, frame(x, y) + _points(points, x, y) + "".join(named))


def draw_agreement(name, quantity, pairs, error):
    """Bland-Altman: predicted minus reference against the mean of both, with bias and limits of agreement.

    Source: Bland and Altman, Lancet 1986; 327: 307-310.

    Args:
        name: as in `draw_histogram`.
        quantity: what was measured, with its unit ("long axis, px").
        pairs: ((id, reference, predicted, whether missed), ...), one or more; what was missed is 0.
        error: {"bias_px", "limits_px"} as in summary.json; limits may be None.
    """
    points = [(case, (true + found) / 2, found - true, missed) for case, true, found, missed in pairs]
    levels = [(error["bias_px"], "level", "bias")]
    if error["limits_px"] is not None:
        low, high = error["limits_px"]
        levels += [(high, "limit", "upper limit"), (low, "limit", "lower limit")]
    heights = [difference for _, _, difference, _ in points] + [value for value, _, _ in levels]
    means = [mean for _, mean, _, _ in points]
    x = linear_axis(f"mean of both, {quantity}", 0, max(means))
    y = linear_axis("predicted \N{MINUS SIGN} reference", min(0, *heights), max(0, *heights))
    zero = y.place(0, BOTTOM, TOP)
    parts = [element("line", x1=LEFT, x2=RIGHT, y1=zero, y2=zero, class_="ideal")]
    parts.append(_points([(f"{case}: {up:+.1f}", across, up, missed) for case, across, up, missed in points], x, y))
    for value, kind, words in levels:
        place = y.place(value, BOTTOM, TOP)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=place, y2=place, class_=kind))
        aside = place + 13 if value < 0 else place - 5
        parts.append(text(RIGHT, aside, f"{words} {_signed(value)}", "end", "value halo"))
    described = f"{len(pairs)} lesion images. " + ", ".join(f"{words} {_signed(v)}" for v, _, words in levels) + "."
    return picture(name, f"Agreement of the {quantity}", described, frame(x, y) + "".join(parts))


def draw_reliability(name, calibration):
    """Share of lesion pixels against the predicted probability, bin by bin; the diagonal is ideal.

    Args:
        name: as in `draw_histogram`.
        calibration: summary["calibration"]; empty bins have None or a count of 0.
    """
    x, y = Axis("predicted probability", 0, 1, FIFTHS), Axis("share of lesion pixels", 0, 1, FIFTHS)
    columns = (calibration[key] for key in ("mean_probability", "lesion_share", "count"))
    bins = [(p, share, count) for p, share, count in zip(*columns, strict=True) if count]
    tips = [f"{count} pixels of probability {p:.3f}: {share:.3f} lesion" for p, share, count in bins]
    described = f"ECE {calibration['ece']:.3f}. " + "; ".join(tips) + "."
    parts = [
        element("line", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP, class_="ideal"),
        text(x.place(0.48, LEFT, RIGHT), y.place(0.52, BOTTOM, TOP), "ideal", "end", "ideal-label halo"),
        _curve([p for p, _, _ in bins], [share for _, share, _ in bins], x, y),
    ]
    for tip, (p, share, _) in zip(tips, bins, strict=True):
        place = {"cx": x.place(p, LEFT, RIGHT), "cy": y.place(share, BOTTOM, TOP)}
        parts.append(element("circle", element("title", tip), **place, r=4, class_="dot"))
    return picture(name, "Reliability diagram", described, frame(x, y) + "".join(parts))


def draw_risk_coverage(name, risk_coverage):
    """Mean risk of the images that the model is surest of, against their share of all images.

    Args:
        name: as in `draw_histogram`.
        risk_coverage: summary["risk_coverage"].
    """
    coverage, risk = risk_coverage["coverage"], risk_coverage["risk"]
    x = Axis("coverage: share of images kept", 0, 1, FIFTHS)
    y = linear_axis("risk: mean of 1 \N{MINUS SIGN} Dice", 0, max(*risk, 0.05))
    level = y.place(risk[-1], BOTTOM, TOP)
    parts = [
        element("line", x1=LEFT, x2=RIGHT, y1=level, y2=level, class_="limit"),
        text(LEFT + 6, level - 5, f"all images {risk[-1]:.3f}", "start", "value halo"),
        _curve(coverage, risk, x, y),
    ]
    described = f"From {risk[0]:.3f} at coverage {coverage[0]:.2f} to {risk[-1]:.3f} with every image kept."
    return picture(name, "Risk against coverage", described, frame(x, y) + "".join(parts))


def draw_intervals(name, title, label, rows, level=None):
    """Means with their intervals, one line a row: subgroups, folds, or networks side by side.

    Args:
        name: as in `draw_histogram`.
        title: what the rows are, for readers of the screen.
        label: what the values are, with the unit.
        rows: ((row's name, mean, (low, high) or None), ...), one or more; means in the unit of the label.
        level: value of a dashed line to compare with; None for none.
    """
    ends = [value for _, mean, interval in rows for value in (mean, *(interval or ()))]
    x = linear_axis(label, min(ends), max(ends))
    bottom = _ROWS_TOP + _ROW_HEIGHT * len(rows)

    def place(value):
        return x.place(value, _NAMES_END, RIGHT)

    parts = [_vertical(place(value), bottom, "grid") for value, _ in x.ticks]
    parts += [text(place(value), bottom + 18, words, "middle") for value, words in x.ticks]
    parts.append(text(RIGHT, bottom + 38, label, "end", "label"))
    if level is not None:
        parts.append(_vertical(place(level), bottom, "limit"))
    for i, (row, mean, interval) in enumerate(rows):
        y = _ROWS_TOP + _ROW_HEIGHT * (i + 0.5)
        words = f"{mean:.1f}" + (f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else "")
        parts.append(text(_NAMES_END - 12, y + 4, _shorten(row), "end", "label"))
        if interval:
            low, high = map(place, interval)
            parts.append(element("line", x1=low, x2=high, y1=y, y2=y, class_="curve"))
        tip = element("title", escape(f"{row}: {words}"))
        parts.append(element("circle", tip, cx=place(mean), cy=y, r=4.5, class_="dot"))
    described = "; ".join(f"{row} {mean:.1f}" for row, mean, _ in rows) + "."
    return picture(name, title, described, "".join(parts), height=bottom + 44)


def percent(entry):
    """{"mean", "ci95"} of 0..1 as (mean, (low, high) or None) in percent, for a row of `draw_intervals`."""
    return 100 * entry["mean"], entry["ci95"] and tuple(100 * end for end in entry["ci95"])


def _name_point(name, x, y):
    """On the side of the point where there is room."""
    is_left = x < (LEFT + RIGHT) / 2
    return text(x + 6 if is_left else x - 6, y + 4, name, "start" if is_left else "end")


def _points(points, x, y):
    """Circles of ((tip, x, y, whether missed), ...)."""
    return "".join(
        element(
            "circle",
            element("title", escape(tip)),
            cx=x.place(across, LEFT, RIGHT),
            cy=y.place(up, BOTTOM, TOP),
            r=3,
            class_="point missed" if missed else "point",
        )
        for tip, across, up, missed in points
    )


def _curve(xs, ys, x, y):
    places = zip((x.place(v, LEFT, RIGHT) for v in xs), (y.place(v, BOTTOM, TOP) for v in ys), strict=True)
    return element("polyline", points=" ".join(f"{across:.1f},{up:.1f}" for across, up in places), class_="curve")


def _vertical(x, bottom, kind):
    return element("line", x1=x, x2=x, y1=_ROWS_TOP, y2=bottom, class_=kind)


def _shorten(words, length=21):
    return words if len(words) <= length else words[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _signed(value):
    return ("+" if value > 0 else "") + tick_text(float(f"{value:.3g}"))
