"""Parts of a data set: who is in which, where the cuts lie, and the scores of each by hand."""

import json
import math

import pytest

from keras_hanet.evaluation.statistics import mean_interval
from keras_hanet.evaluation.subgroups import subgroups


def row(name, dice=0.8, area=10, **values):
    """A lesion image of 10 x 10 pixels."""
    return {
        **{"id": name, "source": "busi", "diagnosis": "benign", "group": name, "height": 10, "width": 10},
        **{"dice": dice, "jaccard": dice / (2 - dice), "hd95_px": 4.0, "lesion_area_px": area},
        **{"counted_as": "lesion case" if dice else "missed lesion", **values},
    }


def test_diagnoses_by_hand():
    rows = [
        row("a", 0.5, group="1", hd95_px=2.0),
        row("b", 1.0, group="2", hd95_px=6.0),
        row("c", 0.0, diagnosis="malignant", hd95_px=14.0),
        row("d", math.nan, area=0, diagnosis="normal", counted_as="true negative"),
        row("e", 0.0, area=0, diagnosis="malignant", counted_as="false alarm"),
    ]
    parts = subgroups(rows)["diagnosis"]
    assert list(parts) == ["benign", "malignant"]
    benign = {"mean": 0.75, "ci95": [0.5, 1.0]}
    assert (parts["benign"]["num"], parts["benign"]["missed"], parts["benign"]["dice"]) == (2, 0, benign)
    assert parts["benign"]["hd95_px"]["mean"] == 4.0
    assert parts["benign"]["jaccard"]["mean"] == pytest.approx((1 / 3 + 1) / 2)
    assert (parts["malignant"]["num"], parts["malignant"]["missed"]) == (1, 1)
    assert parts["malignant"]["dice"] == {"mean": 0.0, "ci95": None}


def test_lesion_size_is_cut_at_the_terciles_of_the_share_of_the_image():
    # Shares 1, 2, ..., 7 %: the terciles are 3 and 5 %, and a lesion on a cut is in the part below it.
    rows = [row(str(percent), percent / 10, area=percent) for percent in (7, 1, 6, 2, 5, 3, 4)]
    rows[0] = row("7", 0.7, area=28, height=20, width=20)  # the same share of a larger image
    parts = subgroups(rows)["lesion size"]
    assert {name: part["num"] for name, part in parts.items()} == {"small": 3, "medium": 2, "large": 2}
    assert {name: part["dice"]["mean"] for name, part in parts.items()} == pytest.approx(
        {"small": 0.2, "medium": 0.45, "large": 0.65}
    )
    cuts = {name: part["lesion_share"] for name, part in parts.items()}
    assert cuts["small"] == pytest.approx([0, 0.03])
    assert cuts["medium"] == pytest.approx([0.03, 0.05])
    assert cuts["large"] == pytest.approx([0.05, 1])


def test_annotation_and_device_where_they_are_known():
    rows = [
        row("a", 0.2, annotated=1, device="Aplio"),
        row("b", 0.4, annotated=0.0, device="Logiq"),
        row("c", 0.6, annotated=0, device=""),
        row("d", 0.8, annotated=math.nan, device=None),
        row("e", 0.9, annotated=None),
        row("f", 1.0, device="Logiq"),
    ]
    parts = subgroups(rows)
    assert {name: part["num"] for name, part in parts["annotated"].items()} == {"annotated": 1, "clean": 2}
    assert parts["annotated"]["clean"]["dice"]["mean"] == pytest.approx(0.5)
    assert {name: part["num"] for name, part in parts["device"].items()} == {"Aplio": 1, "Logiq": 2}
    assert parts["device"]["Logiq"]["dice"]["mean"] == pytest.approx(0.7)


def test_a_division_of_one_part_is_left_out():
    assert subgroups([row("a"), row("b", annotated=1, device="Aplio")]) == {}
    assert subgroups([]) == {}
    normals = [row("a", math.nan, 0, counted_as="true negative"), row("b", 0, 0, counted_as="false alarm")]
    assert subgroups(normals) == {}


def test_intervals_are_clustered_and_groups_of_two_sources_are_two():
    rows = [
        row(str(number), dice, diagnosis=name, group=str(number // 2), source=source)
        for name in ("benign", "malignant")
        for source in ("busi", "busbra")
        for number, dice in enumerate((0.113, 0.32, 0.51, 0.97, 0.74, 0.85))
    ]
    found = subgroups(rows, seed=5)["diagnosis"]["benign"]["dice"]
    groups = [f"{source}{number // 2}" for source in ("a", "b") for number in range(6)]
    expected = mean_interval((0.113, 0.32, 0.51, 0.97, 0.74, 0.85) * 2, groups, seed=5)
    assert found["mean"] == expected["mean"]
    assert found["ci95"][1] - found["ci95"][0] == pytest.approx(expected["ci95"][1] - expected["ci95"][0])
    assert found != subgroups(rows, seed=6)["diagnosis"]["benign"]["dice"]


def test_result_is_json():
    rows = [row("a"), row("b", diagnosis="malignant", area=20), row("c", 0.0, area=30)]
    parts = subgroups(rows)
    assert json.loads(json.dumps(parts, allow_nan=False)) == parts
