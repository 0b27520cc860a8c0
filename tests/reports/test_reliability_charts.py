"""Charts of a few values each. The area of the data is 360 x 210 units: x from 48 to 408, y from 240 to 30."""

import xml.etree.ElementTree as ET

from keras_hanet.reports.reliability_charts import draw_bins, draw_coverage, draw_expected_dice

SVG = "{http://www.w3.org/2000/svg}"


def nodes(drawn, tag, kind):
    return [node for node in ET.fromstring(drawn).iter(SVG + tag) if node.get("class") == kind]


def places(found, *names):
    return [tuple(float(node.get(name)) for name in names) for node in found]


def test_images_lie_at_their_expected_and_true_dice():
    drawn = draw_expected_dice("dice", [("a <b>", 0.5, 1.0, False), ("c", 0.25, 0.0, True)], 0.75)
    assert places(nodes(drawn, "circle", "point"), "cx", "cy") == [(228, 30)]
    assert places(nodes(drawn, "circle", "point missed"), "cx", "cy") == [(138, 240)]
    assert places(nodes(drawn, "line", "limit"), "x1", "x2") == [(318, 318)]
    assert "a &lt;b&gt;" in drawn


def test_curves_of_coverage_start_at_all_images_on_the_right():
    drawn = draw_coverage("cover", {"expected Dice": ((1.0, 0.7), (0.5, 0.9)), "random": ((1.0, 0.7), (0.5, 0.7))})
    [ours], [other] = (nodes(drawn, "line", kind) for kind in ("curve", "level"))
    assert places([ours], "x1", "x2") == [(408, 48)]
    assert places([ours], "y1", "y2") == [(240, 30)]  # from 0.7 at the bottom to 0.9 at the top
    assert other.get("y1") == other.get("y2")
    assert "expected Dice: 0.900 of 50%" in drawn


def test_bins_lie_at_what_was_predicted_and_true():
    bins = [{"num": 3, "predicted": 0.25, "true": 0.5}, {"num": 1, "predicted": 0.75, "true": 0.0}]
    drawn = draw_bins("bins", "Title", "predicted", "true", bins)
    assert places(nodes(drawn, "circle", "dot"), "cx", "cy") == [(138, 135), (318, 240)]
    assert "3 images of 0.25: 0.50" in drawn


def test_one_bin_is_a_point_without_a_line():
    drawn = draw_bins("bins", "Title", "x", "y", [{"num": 1, "predicted": 0.5, "true": 0.5}])
    assert nodes(drawn, "line", "curve") == []
