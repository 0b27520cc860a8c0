"""Paired tests by counting flips, by an outside test, and by how often they cry wolf; tables by hand."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from keras_hanet.errors import InputError
from keras_hanet.evaluation.comparison import compare_runs, format_comparison, holm, paired_difference
from keras_hanet.evaluation.statistics import mean_interval


def row(name, dice, counted_as="lesion case", **values):
    return {
        **{"id": name, "source": "busi", "group": name, "height": 10, "width": 10, "lesion_area_px": 9},
        **{"dice": dice, "hd95_px": 10 * (1 - dice), "precision": dice or math.nan, "counted_as": counted_as, **values},
    }


def normal(name, alarm):
    dice, counted_as = (0.0, "false alarm") if alarm else (math.nan, "true negative")
    return row(name, dice, counted_as, lesion_area_px=0, precision=0.0)


# === One pair of runs ===


def test_permutations_counted_by_hand():
    # Differences 0.1, 0.2, 0.3: of the 8 flips only +++ and --- are as far from 0.
    found = paired_difference([0.5, 0.5, 0.5], [0.6, 0.7, 0.8], list("abc"))
    assert found["num_pairs"] == 3
    assert found["difference"]["mean"] == pytest.approx(0.2)
    assert found["p"] == pytest.approx(2 / 8)
    # -0.1, 0.2, 0.3 add up to 0.4; +++ and -++ reach it, and their mirror images.
    assert paired_difference([0.5, 0.5, 0.5], [0.4, 0.7, 0.8], list("abc"))["p"] == pytest.approx(4 / 8)


def test_a_group_is_flipped_as_one():
    # Groups a (0.1 + 0.2) and b (0.3): 4 flips, ++ and -- reach the sum 0.6.
    assert paired_difference([0.5] * 3, [0.6, 0.7, 0.8], ["a", "a", "b"])["p"] == pytest.approx(2 / 4)
    assert paired_difference([0.5] * 3, [0.6, 0.7, 0.8], ["a", "a", "a"])["p"] is None
    differences = np.random.default_rng(0).normal(0.03, 0.1, 40)
    once = paired_difference(np.zeros(40), differences, np.arange(40))
    four = paired_difference(np.zeros(160), np.repeat(differences, 4), np.repeat(np.arange(40), 4))
    single = paired_difference(np.zeros(160), np.repeat(differences, 4), np.arange(160))
    assert four["p"] == once["p"] > 0.02
    assert single["p"] < 0.002, "copies taken for independent images"


def test_p_is_that_of_the_t_test_for_many_images():
    random = np.random.default_rng(1)
    reference = random.random(400)
    variant = reference + random.normal(0.01, 0.1, 400)
    found = paired_difference(reference, variant, np.arange(400))
    assert found["p"] == pytest.approx(stats.ttest_rel(variant, reference).pvalue, abs=0.01)
    assert found["difference"] == mean_interval(variant - reference, np.arange(400))


def test_swapping_the_runs_turns_the_difference_and_keeps_p():
    random = np.random.default_rng(2)
    one, two = random.random(30), random.random(30)
    forth, back = paired_difference(one, two, np.arange(30)), paired_difference(two, one, np.arange(30))
    assert back["difference"]["mean"] == -forth["difference"]["mean"]
    assert back["p"] == pytest.approx(forth["p"], abs=0.02)
    assert paired_difference(one, two, np.arange(30)) == forth


def test_a_pair_that_is_not_scored_on_either_side_is_left_out():
    found = paired_difference([0.5, math.nan, 0.5, 0.5], [0.6, 0.9, math.nan, 0.7], list("abcd"))
    assert (found["num_pairs"], found["difference"]["mean"]) == (2, pytest.approx(0.15))
    assert found["p"] == pytest.approx(2 / 4)
    nothing = paired_difference([math.nan], [0.5], ["a"])
    assert nothing == {"num_pairs": 0, "difference": {"mean": None, "ci95": None}, "p": None}


def test_equal_runs_differ_by_nothing():
    found = paired_difference([0.25] * 20, [0.25] * 20, np.arange(20))
    assert found == {"num_pairs": 20, "difference": {"mean": 0.0, "ci95": [0.0, 0.0]}, "p": 1.0}


@pytest.mark.slow
def test_cries_wolf_about_as_often_as_it_says():
    """600 pairs of equal runs, 40 patients of 1 to 5 images that go together: the standard error near 5 % is 0.9 %."""
    random = np.random.default_rng(3)
    alarms = {"clustered": 0, "single": 0}
    for repeat in range(600):
        patients = np.repeat(np.arange(40), random.integers(1, 6, 40))
        differences = random.normal(size=40)[patients] + 0.3 * random.normal(size=patients.size)
        for name, groups in (("clustered", patients), ("single", np.arange(patients.size))):
            p = paired_difference(np.zeros(patients.size), differences, groups, repeat, num_resamples=499)["p"]
            alarms[name] += p <= 0.05
    print(alarms)
    assert 0.03 <= alarms["clustered"] / 600 <= 0.075
    assert alarms["single"] / 600 > 0.15


# === Holm ===


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 x 0.01; 2 x 0.03; 1 x 0.04, but no smaller than 0.06
        ([0.5, 0.001, 0.4, 0.02], [0.8, 0.004, 0.8, 0.06]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([0.2], [0.2]),
        ([], []),
    ],
)
def test_holm_by_hand(p_values, corrected):
    assert holm(p_values) == pytest.approx(corrected)


# === Tables ===

REFERENCE = [row("a", 0.5), row("b", 0.6), row("c", 0.7), normal("d", False), normal("e", True)]
BETTER = [normal("e", False), row("c", 0.8), row("b", 0.8), row("a", 0.8), normal("d", False)]
WORSE = [row("a", 0.5), row("b", 0.6), row("c", 0.0, "missed lesion"), normal("d", True), normal("e", True)]
RUNS = {"better": BETTER, "worse": WORSE}


def test_table_by_hand():
    table = compare_runs(REFERENCE, RUNS, scores=("dice", "hd95_px"), reference_name="full")
    full, better, worse = table
    assert [entry["name"] for entry in table] == ["full", "better", "worse"]
    assert [(entry["num"], entry["missed"]) for entry in table] == [(3, 0), (3, 0), (3, 1)]
    assert full["dice"]["mean"] == pytest.approx(0.6)
    assert "p" not in full["dice"]
    assert better["dice"]["mean"] == pytest.approx(0.8)
    assert better["dice"]["difference"]["mean"] == pytest.approx(0.2)
    assert better["hd95_px"]["difference"]["mean"] == pytest.approx(-2.0)
    assert worse["dice"]["difference"]["mean"] == pytest.approx(-0.7 / 3)
    # 0.3, 0.2, 0.1: 2 of 8 flips. 0, 0, -0.7: every flip is as far.
    assert (better["dice"]["p"], better["dice"]["p_holm"]) == (pytest.approx(0.25), pytest.approx(0.5))
    assert (worse["dice"]["p"], worse["dice"]["p_holm"]) == (1.0, 1.0)
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_normals_and_unscored_pairs():
    scores = ("false_alarm_rate", "dice_true_negative_as_one", "precision")
    _, better, worse = compare_runs(REFERENCE, RUNS, scores)
    assert better["false_alarm_rate"]["difference"]["mean"] == -0.5
    assert (better["false_alarm_rate"]["num_pairs"], worse["false_alarm_rate"]["mean"]) == (2, 1.0)
    assert better["dice_true_negative_as_one"]["mean"] == pytest.approx((3 * 0.8 + 2) / 5)
    assert worse["dice_true_negative_as_one"]["difference"]["mean"] == pytest.approx((-0.7 - 1) / 5)
    assert worse["precision"]["num_pairs"] == 2, "a missed lesion has no precision; a normal image is no lesion image"


def test_a_score_that_nobody_has_is_none():
    rows = [row("a", 0.5, nsd=math.nan)]
    _, other = compare_runs(rows, {"b": rows}, scores=("nsd",))
    assert other["nsd"] == {
        **{"mean": None, "ci95": None, "num_pairs": 0, "difference": {"mean": None, "ci95": None}},
        **{"p": None, "p_holm": None},
    }


def test_groups_are_those_of_the_reference():
    twins = [{**image, "group": "1"} for image in REFERENCE]
    _, better = compare_runs(twins, {"better": BETTER}, scores=("dice",))
    assert (better["dice"]["p"], better["dice"]["ci95"], better["dice"]["num_pairs"]) == (None, None, 3)


def test_markdown():
    table = compare_runs(REFERENCE, RUNS, scores=("dice", "hd95_px"), reference_name="full")
    lines = format_comparison(table, "dice").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["run", "lesion images", "missed", "Dice, %", "difference to full", "p", "p, Holm"]
    assert cells[2] == ["full", "3", "0", "60.0 [50.0, 70.0]", "", "", ""]
    assert cells[3] == ["better", "3", "0", "80.0 [80.0, 80.0]", "+20.0 [10.0, 30.0]", "0.250", "0.500"]
    assert cells[4][4] == "-23.3 [-70.0, 0.0]"
    assert len({len(line) for line in lines}) == 1
    assert " -2.0 [-3.0, -1.0] |" in format_comparison(table, "hd95_px")
    strong = [row(str(number), 0.9) for number in range(20)]
    weak = [row(str(number), 0.1) for number in range(20)]
    assert "| < 0.001 | < 0.001 |" in format_comparison(compare_runs(strong, {"b": weak}, ("dice",)), "dice")


# === What cannot be compared ===


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (REFERENCE[:-1], "same images in full and b, but busi/e is in one of them only, 1 such in all"),
        ([*REFERENCE, row("f", 0.5)], "busi/f is in one of them only"),
        ([{**image, "source": "udiat"} for image in REFERENCE], "busi/a is in one of them only, 10 such in all"),
        ([*REFERENCE, REFERENCE[0]], "b: expected each image once, got 6 rows of 5"),
        ([{**image, "lesion_area_px": 8} for image in REFERENCE], r"busi/a, .* \[10, 10, 9\] in full and \[10, 10, 8"),
    ],
)
def test_other_images_are_refused(rows, says):
    with pytest.raises(InputError, match=says):
        compare_runs(REFERENCE, {"b": rows}, scores=("dice",), reference_name="full")
