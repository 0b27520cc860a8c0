"""Bars and the comparison, with numbers that a head can check."""

import math

import pytest

from keras_hanet.errors import InputError
from keras_hanet.export.bars import Bars, below_bars, compare, score

NO_BARS = Bars(min_dice=0, max_missed_rate=1, max_false_alarm_rate=1)


def lesion(name, dice, group=None):
    counted_as = "lesion case" if dice else "missed lesion"
    return row(name, dice, counted_as, group, lesion_area_px=9)


def normal(name, alarm):
    return row(name, 0.0 if alarm else math.nan, "false alarm" if alarm else "true negative", None, lesion_area_px=0)


def row(name, dice, counted_as, group, lesion_area_px):
    size = {"height": 8, "width": 8, "lesion_area_px": lesion_area_px}
    return {"source": "s", "id": name, "group": group or name, "dice": dice, "counted_as": counted_as, **size}


def lesions(*dice, groups=None):
    groups = groups or [None] * len(dice)
    return [lesion(f"l{number}", value, group) for number, (value, group) in enumerate(zip(dice, groups, strict=True))]


MIXED = [*lesions(0.9, 0.7, 0.8, 0.0), normal("n0", True), normal("n1", False), normal("n2", False)]


def test_scores_are_means_over_the_images_they_speak_of():
    scores = score(MIXED)
    assert (scores["num_lesion"], scores["num_normal"]) == (4, 3)
    assert scores["dice"]["mean"] == pytest.approx(2.4 / 4)
    assert scores["missed_rate"]["mean"] == 1 / 4
    assert scores["false_alarm_rate"]["mean"] == pytest.approx(1 / 3)
    low, high = scores["dice"]["ci95"]
    assert 0 <= low < 0.6 < high <= 0.9


def test_intervals_of_scores_draw_whole_groups():
    """Two frames, four images each: the mean of one, of the other, or of both."""
    groups = ["a"] * 4 + ["b"] * 4
    scores = score(lesions(*[0.6] * 4, *[0.0] * 4, groups=groups))
    assert scores["dice"] == {"mean": pytest.approx(0.3), "ci95": pytest.approx([0.0, 0.6])}
    assert scores["missed_rate"] == {"mean": 0.5, "ci95": [0.0, 1.0]}


def test_a_bar_that_is_just_reached_is_reached():
    bars = Bars(min_dice=score(MIXED)["dice"]["mean"], max_missed_rate=0.25, max_false_alarm_rate=1 / 3)
    assert below_bars(score(MIXED), bars) == []


@pytest.mark.parametrize(
    ("bars", "says"),
    [
        ({"min_dice": 0.61}, ["Dice: 60.0 [", "at least 61 % is asked for"]),
        ({"max_missed_rate": 0.24}, ["missed lesions: 25.0 [", "at most 24 % is asked for"]),
        ({"max_false_alarm_rate": 0.33}, ["false alarms: 33.3 [", "at most 33 % is asked for"]),
    ],
)
def test_each_bar_refuses_by_itself(bars, says):
    [reason] = below_bars(score(MIXED), Bars(**{**vars(NO_BARS), **bars}))
    for text in says:
        assert text in reason


def test_a_bar_without_images_to_judge_by_is_not_reached():
    scores = score(lesions(0.9, 0.8))
    assert below_bars(scores, Bars()) == [
        "false alarms: at most 50 % is asked for, and there is no normal image to judge by"
    ]
    assert below_bars(scores, Bars(max_false_alarm_rate=1)) == []
    assert [reason.split(":")[0] for reason in below_bars(score([normal("n", False)]), Bars())] == [
        "Dice", "missed lesions"
    ]


@pytest.mark.parametrize("value", [-0.1, 1.1, 60, math.nan])
@pytest.mark.parametrize("name", ["min_dice", "max_missed_rate", "max_false_alarm_rate", "margin"])
def test_a_bar_out_of_range_is_refused(name, value):
    with pytest.raises(InputError, match=rf"{name} must be a number from 0 to 1, got {value}"):
        Bars(**{name: value})


# === Against the last version ===


def test_an_equal_candidate_is_no_worse():
    found = compare(MIXED, MIXED, version=4, margin=0.01)
    assert found["reasons"] == []
    assert found["difference"] == {"mean": 0.0, "ci95": [0.0, 0.0]}
    assert (found["version"], found["margin"], found["num_pairs"], found["p"]) == (4, 0.01, 4, 1.0)
    assert found["last"] == found["candidate"]
    assert found["candidate"]["dice"]["mean"] == pytest.approx(0.6)
    assert found["false_alarm_difference"]["mean"] == 0


@pytest.mark.parametrize(
    ("loss", "margin", "passes"),
    [
        (0.02, 0.01, False),
        (0.005, 0.01, True),
        (0.02, 0.03, True),
        (0.005, 0.0, False),
        (0.0, 0.0, False),  # 0 asks for proof that it is better
        (-0.02, 0.0, True),
    ],
)
def test_every_image_worse_by_the_same_amount(loss, margin, passes):
    last = (0.9, 0.7, 0.8)
    found = compare(lesions(*last), lesions(*(value - loss for value in last)), version=1, margin=margin)
    assert found["difference"]["mean"] == pytest.approx(-loss)
    assert found["difference"]["ci95"] == pytest.approx([-loss, -loss])
    assert (found["reasons"] == []) is passes


def test_worse_and_perhaps_worse_are_told_apart():
    [worse] = compare(lesions(0.9, 0.8), lesions(0.8, 0.7), version=7, margin=0.01)["reasons"]
    assert worse == (
        "Dice against version 7 on 2 lesion images: -10.0 [-10.0, -10.0] points, the interval must lie above -1: "
        "it is worse"
    )
    # The mean gains five points, but one image in two loses ten: two images show nothing.
    [perhaps] = compare(lesions(0.9, 0.6), lesions(0.8, 0.8), version=7, margin=0.01)["reasons"]
    assert "+5.0 [-10.0, 20.0] points" in perhaps
    assert perhaps.endswith("it may be worse, and more images, or a wider --margin, would have to tell")


def test_groups_are_drawn_whole():
    """Four images of one frame won, four of another lost: as two pairs, not as eight."""
    groups = ["a"] * 4 + ["b"] * 4
    last = lesions(*[0.5] * 8, groups=groups)
    rows = lesions(*[0.6] * 4, *[0.4] * 4, groups=groups)
    found = compare(last, rows, version=1, margin=0.08)
    assert found["difference"]["ci95"] == pytest.approx([-0.1, 0.1])  # single images would give about -0.07
    assert len(found["reasons"]) == 1


@pytest.mark.parametrize("rows", [[normal("n0", False), normal("n1", True)], lesions(0.9, 0.9, groups=["a", "a"])])
def test_what_cannot_be_compared_does_not_pass(rows):
    found = compare(rows, rows, version=2, margin=0.5)
    assert [reason.endswith("two groups of them are needed") for reason in found["reasons"]] == [True]


def test_false_alarms_are_reported_and_left_to_the_bar():
    rows = [*lesions(0.9, 0.8), normal("n0", True), normal("n1", True)]
    last = [*lesions(0.9, 0.8), normal("n0", False), normal("n1", False)]
    found = compare(last, rows, version=1, margin=0.01)
    assert found["false_alarm_difference"] == {"mean": 1.0, "ci95": [1.0, 1.0]}
    assert found["reasons"] == []


def test_other_images_are_refused():
    with pytest.raises(InputError, match="the same images in version 1 and candidate"):
        compare(lesions(0.9, 0.8), lesions(0.9), version=1, margin=0.01)
