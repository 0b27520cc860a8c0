"""Charts of a search: the best score so far, and the score against each field that was varied.

The frame and the colours are those of `keras_hanet.reports.charts`.
"""

from html import escape
from itertools import accumulate, pairwise

from keras_hanet.reports.svg import BOTTOM, LEFT, RIGHT, TOP, Axis, element, frame, linear_axis, log_axis, picture

_LONGEST = 12  # characters of a choice under the axis


def draw_history(name, scores):
    """The score of each trial and the best one so far.

    Args:
        name: of letters, digits and hyphens, unique in the page.
        scores: ((number of the trial, score 0..1), ...) of those that are complete, one or more.
    """
    x, y = linear_axis("trial", 0, max(number for number, _ in scores)), _score_axis(scores)
    best = list(accumulate((score for _, score in scores), max))
    places = [
        (x.place(number, LEFT, RIGHT), y.place(score, BOTTOM, TOP))
        for (number, _), score in zip(scores, best, strict=True)
    ]
    # The best stays what it is until a trial is better.
    corners = [(places[0][0], places[0][1])]
    for (_, before), (across, up) in pairwise(places):
        corners += [(across, before), (across, up)]
    line = element("polyline", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), class_="curve")
    points = "".join(_point(x, y, f"trial {number}: {score:.4f}", number, score) for number, score in scores)
    described = f"{len(scores)} trials; the best has a score of {best[-1]:.4f}."
    return picture(name, "Best score so far", described, frame(x, y) + line + points)


def draw_field(name, field, trials, is_logarithmic=False):
    """The score of each trial against the value of a field.

    Args:
        name: as in `draw_history`.
        field: its name.
        trials: ((number of the trial, value, score 0..1), ...), one or more; values are numbers, or else choices, each
            of which gets a place of its own.
        is_logarithmic: whether equal ratios are equally far apart.
    """
    values = [value for _, value, _ in trials]
    y = _score_axis([(number, score) for number, _, score in trials])
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        x = (log_axis if is_logarithmic else linear_axis)(field, min(values), max(values))
        places = dict(zip(values, values, strict=True))
    else:
        choices = sorted({str(value) for value in values})
        ticks = tuple((place, choice[:_LONGEST]) for place, choice in enumerate(choices))
        x = Axis(field, -0.5, len(choices) - 0.5, ticks)
        places = {value: choices.index(str(value)) for value in values}
    points = (
        _point(x, y, f"trial {number}: {field} {value}, score {score:.4f}", places[value], score)
        for number, value, score in trials
    )
    best = max(trials, key=lambda trial: trial[2])
    described = f"{len(trials)} trials; the best has {best[1]}."
    return picture(name, f"Score against {field}", described, frame(x, y) + "".join(points))


def _score_axis(scores):
    values = [score for _, score in scores]
    return linear_axis("validation score", min(values), max(values))


def _point(x, y, tip, across, up):
    place = {"cx": x.place(across, LEFT, RIGHT), "cy": y.place(up, BOTTOM, TOP)}
    return element("circle", element("title", escape(tip)), **place, r=3, class_="point")
