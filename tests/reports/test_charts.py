"""Charts of a few values each: where their points lie, by hand.

The area of the data is 360 x 210 units: x from 48 to 408, y from 240 (bottom) to 30 (top).
"""

import re
import xml.etree.ElementTree as ET

import pytest

from keras_hanet.reports import charts
from keras_hanet.reports.svg import CHART_STYLE

SVG = "{http://www.w3.org/2000/svg}"
CALIBRATION = {
    "edges": [0, 0.5, 1],
    "count": [10, 0, 30],
    "mean_probability": [0.25, None, 0.75],
    "lesion_share": [0.1, None, 0.5],
    "ece": 0.225,
    "brier": 0.2,
}


def nodes(drawn, tag, kind):
    """Attributes of the elements of a tag and a class, as numbers where they are."""
    root = ET.fromstring(drawn)
    found = [node for node in root.iter(SVG + tag) if node.get("class") == kind]
    return [{name: _number(value) for name, value in node.attrib.items()} | {"tip": _tip(node)} for node in found]


def _number(value):
    return float(value) if re.fullmatch(r"-?[\d.]+", value) else value


def _tip(node):
    title = node.find(f"{SVG}title")
    return node.text if title is None else title.text


def centres(drawn, kind, tag="circle"):
    return [(node["cx"], node["cy"]) for node in nodes(drawn, tag, kind)]


def test_histogram_by_hand():
    drawn = charts.draw_histogram("h", [0.0, 0.72, 0.74, 0.75, 1.0], num_missed=2)
    bars = {bar["tip"]: bar for bar in nodes(drawn, "rect", "bar")}
    assert list(bars) == [
        *("Dice 0.00 to 0.05: 1", "Dice 0.70 to 0.75: 2", "Dice 0.75 to 0.80: 1", "Dice 0.95 to 1.00: 1"),
    ]
    two = bars["Dice 0.70 to 0.75: 2"]
    # The axis runs from -0.18 to 1 over 360 units, 5 images are 210 high; the bars keep 0.75 apart on each side.
    assert two["x"] == pytest.approx(48 + 0.88 / 1.18 * 360 + 0.75, abs=0.06)
    assert two["width"] == pytest.approx(0.05 / 1.18 * 360 - 1.5, abs=0.06)
    assert (two["y"], two["height"]) == (240 - 2 / 5 * 210, 2 / 5 * 210)
    [missed] = nodes(drawn, "rect", "bar missed")
    assert missed["tip"] == "missed: 2"
    assert missed["x"] + missed["width"] < 48 + 0.18 / 1.18 * 360  # left of Dice 0
    assert missed["height"] == 84
    assert [node["tip"] for node in nodes(drawn, "text", "value")] == ["2"]


def test_histogram_of_missed_lesions_only_and_of_none():
    assert nodes(charts.draw_histogram("h", [], 3), "rect", "bar") == []
    drawn = charts.draw_histogram("h", [0.5], 0)
    assert nodes(drawn, "rect", "bar missed") == []
    assert [node["tip"] for node in nodes(drawn, "text", "value")] == ["0"]  # "missed: none" is news too


def test_dice_by_size_by_hand():
    drawn = charts.draw_dice_by_size("s", [("a", 1, 0.5, False), ("b", 10, 1.0, False), ("c", 10, 0.0, True)])
    assert centres(drawn, "point") == [(48, 135), (408, 30)]
    assert centres(drawn, "point missed") == [(408, 240)]
    assert [node["tip"] for node in nodes(drawn, "circle", "point")] == ["a: Dice 0.500", "b: Dice 1.000"]


def test_agreement_by_hand():
    pairs = [("a", 80, 100, False), ("b", 100, 60, False), ("c", 40, 0, True)]
    error = {"bias_px": -20.0, "limits_px": [-80.0, 40.0]}
    drawn = charts.draw_agreement("a", "long axis, px", pairs, error)
    # Means 90, 80, 20 on an axis 0..100; differences 20, -40, -40 on an axis -100..50 over 210 units.
    assert centres(drawn, "point") == [(48 + 0.9 * 360, 240 - 120 * 1.4), (48 + 0.8 * 360, 240 - 60 * 1.4)]
    assert centres(drawn, "point missed") == [(48 + 0.2 * 360, 240 - 60 * 1.4)]
    assert [line["y1"] for line in nodes(drawn, "line", "level")] == [240 - 80 * 1.4]
    assert [line["y1"] for line in nodes(drawn, "line", "limit")] == [240 - 140 * 1.4, 240 - 20 * 1.4]
    assert [line["y1"] for line in nodes(drawn, "line", "ideal")] == [240 - 100 * 1.4]
    minus = "\N{MINUS SIGN}"
    assert [node["tip"] for node in nodes(drawn, "text", "value halo")] == [
        *(f"bias {minus}20", "upper limit +40", f"lower limit {minus}80"),
    ]


def test_agreement_of_one_image_has_no_limits():
    drawn = charts.draw_agreement("a", "area, px", [("a", 10, 10, False)], {"bias_px": 0.0, "limits_px": None})
    assert nodes(drawn, "line", "limit") == []
    assert len(nodes(drawn, "line", "level")) == 1


def test_reliability_by_hand():
    drawn = charts.draw_reliability("r", CALIBRATION)
    places = [(48 + 0.25 * 360, 240 - 0.1 * 210), (48 + 0.75 * 360, 240 - 0.5 * 210)]
    assert centres(drawn, "dot") == places
    [curve] = nodes(drawn, "polyline", "curve")
    assert curve["points"] == "138.0,219.0 318.0,135.0"
    [ideal] = nodes(drawn, "line", "ideal")
    assert [ideal[name] for name in ("x1", "y1", "x2", "y2")] == [48, 240, 408, 30]
    assert "ECE 0.225" in ET.fromstring(drawn).find(f"{SVG}desc").text


def test_risk_coverage_by_hand():
    drawn = charts.draw_risk_coverage("c", {"coverage": [0.5, 1.0], "risk": [0.1, 0.4], "aurc": 0.2})
    [curve] = nodes(drawn, "polyline", "curve")
    assert curve["points"] == f"228.0,{240 - 0.25 * 210:.1f} 408.0,30.0"
    assert [line["y1"] for line in nodes(drawn, "line", "limit")] == [30]


def test_intervals_by_hand():
    rows = [("full", 70, (60, 80)), ("no <TAM> and a name far too long", 50, None)]
    drawn = charts.draw_intervals("i", "Networks", "Dice, %", rows, level=70)
    # The axis runs from 50 to 80 over the units 140 to 408; rows are 24 high, the first's middle is at 18.
    assert centres(drawn, "dot") == [(pytest.approx(140 + 2 / 3 * 268, abs=0.06), 18), (140, 42)]
    [line] = nodes(drawn, "line", "curve")
    assert [line["x1"], line["x2"]] == pytest.approx([140 + 1 / 3 * 268, 408], abs=0.06)
    assert [node["x1"] for node in nodes(drawn, "line", "limit")] == pytest.approx([140 + 2 / 3 * 268], abs=0.06)
    assert [node["tip"] for node in nodes(drawn, "circle", "dot")] == [
        *("full: 70.0 [60.0, 80.0]", "no <TAM> and a name far too long: 50.0"),
    ]
    names = [node["tip"] for node in nodes(drawn, "text", "label")]
    assert names == ["Dice, %", "full", "no <TAM> and a name \N{HORIZONTAL ELLIPSIS}"]


def test_everything_drawn_has_a_style():
    drawn = [
        charts.draw_histogram("h", [0.5], 1),
        charts.draw_dice_by_size("s", [("a", 1, 0.5, False), ("b", 1, 0, True)]),
        charts.draw_agreement("a", "area", [("a", 1, 2, False)], {"bias_px": 1.0, "limits_px": [0.0, 2.0]}),
        charts.draw_reliability("r", CALIBRATION),
        charts.draw_risk_coverage("c", {"coverage": [1.0], "risk": [0.4], "aurc": 0.2}),
        charts.draw_intervals("i", "t", "l", [("a", 1, (0, 2))], level=1),
    ]
    kinds = {kind for chart in drawn for words in re.findall('class="([^"]*)"', chart) for kind in words.split()}
    assert len(kinds) > 10
    assert {kind for kind in kinds if f".{kind}" not in CHART_STYLE} == set()


def test_percent():
    assert charts.percent({"mean": 0.5, "ci95": [0.25, 0.75]}) == (50, (25, 75))
    assert charts.percent({"mean": 0.5, "ci95": None}) == (50, None)


def test_points_by_hand():
    drawn = charts.draw_points("p", "title", "ms", "Dice, %", [("one", 5, 60, False), ("two", 10, 80, True)])
    # Both axes start at the first point and end at the second.
    assert centres(drawn, "point") == [(48, 240)]
    assert centres(drawn, "point missed") == [(408, 30)]
    assert [node["tip"] for node in nodes(drawn, "circle", "point")] == ["one"]
    names = {node["tip"]: (node["x"], node["text-anchor"]) for node in nodes(drawn, "text", "tick")}
    assert (names["one"], names["two"]) == ((54, "start"), (402, "end")), "where there is room"
    assert "one: 5, 60.0; two: 10, 80.0" in drawn
