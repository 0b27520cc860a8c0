"""Charts of a search, by the places of what is drawn."""

import re
from xml.etree import ElementTree

from keras_hanet.reports.search_charts import draw_field, draw_history
from keras_hanet.reports.svg import BOTTOM, LEFT, RIGHT, TOP

_SVG = "{http://www.w3.org/2000/svg}"


def circles(svg):
    """{tip: (x, y)} of the points."""
    found = ElementTree.fromstring(svg).iter(f"{_SVG}circle")
    return {circle[0].text: (float(circle.get("cx")), float(circle.get("cy"))) for circle in found}


def test_the_best_score_is_a_step_that_never_falls():
    svg = draw_history("history", ((0, 0.2), (1, 0.6), (2, 0.4), (4, 0.8)))
    (line,) = ElementTree.fromstring(svg).iter(f"{_SVG}polyline")
    corners = [tuple(map(float, corner.split(","))) for corner in line.get("points").split()]
    width, height = RIGHT - LEFT, BOTTOM - TOP  # the axes go from 0 to 4 and from 0.2 to 0.8
    at = [LEFT + width * share for share in (0, 0.25, 0.5, 1)]
    up = [round(BOTTOM - height * share, 1) for share in (0, 2 / 3, 1)]
    assert corners == [
        (at[0], up[0]), (at[1], up[0]), (at[1], up[1]), (at[2], up[1]), (at[2], up[1]), (at[3], up[1]), (at[3], up[2]),
    ]
    assert circles(svg)["trial 4: 0.8000"] == (RIGHT, TOP)
    assert "the best has a score of 0.8000" in svg


def test_equal_ratios_are_equally_far_apart_where_they_were_drawn_so():
    trials = [(0, 0.001, 0.2), (1, 0.01, 0.4), (2, 0.1, 0.3)]
    across = [x for x, _ in circles(draw_field("field", "learning_rate", trials, is_logarithmic=True)).values()]
    assert across == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    linear = [x for x, _ in circles(draw_field("field", "learning_rate", trials)).values()]
    assert linear[1] < LEFT + 0.11 * (RIGHT - LEFT)


def test_choices_stand_side_by_side_and_the_best_is_named():
    trials = [(0, "none", 0.2), (1, "<b>learned", 0.4), (2, "none", 0.3)]
    svg = draw_field("field", "position_encoding", trials)
    places = circles(svg)
    assert places["trial 0: position_encoding none, score 0.2000"][0] == LEFT + 0.75 * (RIGHT - LEFT)
    assert places["trial 1: position_encoding <b>learned, score 0.4000"][0] == LEFT + 0.25 * (RIGHT - LEFT)
    assert re.search(r"3 trials; the best has &lt;b&gt;learned\.", svg)


def test_one_trial_is_a_chart_too():
    assert len(circles(draw_history("history", ((3, 0.5),)))) == 1
    assert len(circles(draw_field("field", "x", [(3, 0.5, 0.5)], is_logarithmic=True))) == 1
    assert len(circles(draw_field("field", "x", [(0, True, 0.5)]))) == 1
