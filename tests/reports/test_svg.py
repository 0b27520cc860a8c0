"""Axes by hand, and what holds of every chart."""

import re
import xml.etree.ElementTree as ET

import pytest

from keras_hanet.reports import svg
from keras_hanet.reports.svg import Axis, element, frame, linear_axis, log_axis, picture, standalone, tick_text

SVG = "{http://www.w3.org/2000/svg}"


def test_linear_place_by_hand():
    axis = Axis("Dice", 0, 1, ())
    assert [axis.place(value, 100, 300) for value in (0, 0.25, 1)] == [100, 150, 300]
    assert axis.place(0.25, 240, 40) == 190  # downwards, as y runs in a picture


def test_logarithmic_place_by_hand():
    axis = Axis("share", 1, 100, (), logarithmic=True)
    assert [axis.place(value, 0, 200) for value in (1, 10, 100)] == pytest.approx([0, 100, 200])


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 23, [0, 5, 10, 15, 20, 25]),
        (-31, 44, [-40, -20, 0, 20, 40, 60]),
        (52, 88, [50, 60, 70, 80, 90]),
        (0, 7e4, [0, 20000, 40000, 60000, 80000]),
        (3, 3, [2, 2.5, 3, 3.5, 4]),
    ],
)
def test_linear_ticks(low, high, ticks):
    axis = linear_axis("x", low, high)
    found = [value for value, _ in axis.ticks]
    assert (axis.low, axis.high) == (found[0], found[-1])
    assert found == ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.3, 8, [0.2, 0.5, 1, 2, 5, 10]),
        (1, 1, [1, 2]),
        (0.0011, 90, [0.001, 0.01, 0.1, 1, 10, 100]),
        (5, 20, [5, 10, 20]),
    ],
)
def test_logarithmic_ticks(low, high, ticks):
    axis = log_axis("x", low, high)
    assert [value for value, _ in axis.ticks] == ticks
    assert axis.low <= low <= high <= axis.high


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.2, "0.2"), (-40, "\N{MINUS SIGN}40"), (1500, "1500"), (25000, "25k")]
)
def test_tick_text(value, words):
    assert tick_text(value) == words


def test_element_escapes_and_rounds():
    assert element("line", x1=1.26, x2=2.0, class_="a<b", stroke_width=1) == (
        '<line x1="1.3" x2="2" class="a&lt;b" stroke-width="1"/>'
    )
    assert element("g", "<a/>", class_="b") == '<g class="b"><a/></g>'


def test_frame_draws_a_tick_where_its_value_lies():
    root = ET.fromstring(picture("name", "t", "d", frame(linear_axis("x", 0, 10), linear_axis("y", 0, 5))))
    texts = {(node.get("text-anchor"), node.text): node for node in root.iter(f"{SVG}text")}
    assert float(texts["middle", "4"].get("x")) == svg.LEFT + 0.4 * (svg.RIGHT - svg.LEFT)
    assert float(texts["end", "4"].get("y")) == pytest.approx(svg.BOTTOM + 4 - 0.8 * (svg.BOTTOM - svg.TOP))
    assert ("start", "y") in texts
    assert ("end", "x") in texts


def test_a_picture_says_what_it_is_to_who_cannot_see_it():
    root = ET.fromstring(picture("dice-histogram", "Dice & IoU", "1 < 2", ""))
    assert root.get("role") == "img"
    ids = {node.get("id"): node.text for node in root}
    assert [ids[name] for name in root.get("aria-labelledby").split()] == ["Dice & IoU", "1 < 2"]


def test_a_file_of_its_own_carries_its_style_for_light_and_dark():
    root = ET.fromstring(standalone(picture("name", "t", "d", "<g/>")))
    style = root.find(f"{SVG}style").text
    assert style == svg.CHART_STYLE
    assert "@media (prefers-color-scheme: dark)" in style
    assert root.find(f"{SVG}rect").get("class") == "background"
    assert root.find(f"{SVG}g") is not None


def colours(style):
    return dict(re.findall(r"--(\w+): #(\w{6});", style))


def contrast(first, second):
    """Ratio of the relative luminances of two colours in hexadecimal (WCAG 2.2)."""
    lights = []
    for colour in (first, second):
        values = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(lights) / min(lights)


def test_contrast_by_hand():
    assert contrast("000000", "ffffff") == pytest.approx(21)


@pytest.mark.parametrize("part", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_the_background(part):
    parts = svg.CHART_STYLE.split("@media (prefers-color-scheme: dark)")
    palette = colours(parts[part])
    assert palette.keys() == {"surface", "ink", "muted", "line", "predicted", "reference"}
    assert min(contrast(palette[name], palette["surface"]) for name in ("ink", "muted")) > 4.5  # text
    assert min(contrast(palette[name], palette["surface"]) for name in ("predicted", "reference")) > 3
