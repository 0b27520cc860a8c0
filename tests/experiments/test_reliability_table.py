"""What is kept of five images, counted by hand."""

import numpy as np
import pytest
from drawn_beliefs import BELIEFS, EXPECTED, ROWS

from keras_hanet.experiments.reliability_table import area_under_risk, count_kept, cover, tabulate_reliability


def test_coverage_keeps_the_surest():
    two, three, all_of_them = cover(ROWS, EXPECTED, (0.4, 0.6, 1.0))
    assert two == {
        "coverage": 0.4, "num": 2, "lesions": 1, "dice": 0.9, "missed": 0, "normals": 1, "false_alarms": 0,
    }
    assert (three["num"], three["lesions"], three["dice"]) == (3, 2, pytest.approx(0.7))
    assert all_of_them["dice"] == pytest.approx((0.9 + 0.5 + 0.0) / 3)
    assert (all_of_them["missed"], all_of_them["normals"], all_of_them["false_alarms"]) == (1, 2, 1)


def test_of_equal_ones_the_earlier_is_kept():
    [kept] = cover(ROWS, [1, 1, 1, 1, 1], (0.2,))
    assert kept["dice"] == 0.9


def test_nothing_kept_has_no_dice():
    assert count_kept(ROWS, [False] * 5)["dice"] is None


def test_area_under_risk_by_hand():
    # Risks in the order a, e, b, c, d: 0.1, 0, 0.5, 1, 1; the mean of the first k: 0.1, 0.05, 0.2, 0.4, 0.52.
    assert area_under_risk(ROWS, EXPECTED) == pytest.approx((0.1 + 0.05 + 0.2 + 0.4 + 0.52) / 5)


def test_the_table_by_hand():
    table = tabulate_reliability(ROWS, BELIEFS)
    assert (table["num"], table["lesions"], table["missed"]) == (5, 3, 1)
    # Against 0.9, 0.5, 0, 0, 1.
    assert table["error"] == pytest.approx((0.1 + 0.1 + 0.5 + 0.1 + 0.3) / 5)
    true = [0.9, 0.5, 0.0, 0.0, 1.0]
    assert table["correlation"]["all"]["pearson"]["mean"] == pytest.approx(np.corrcoef(EXPECTED, true)[0, 1])
    assert table["correlation"]["outlined"]["num"] == 3
    assert table["correlation"]["outlined"]["spearman"]["mean"] == pytest.approx(1)
    assert table["correlation"]["lesions outlined"]["num"] == 2
    assert table["aurc"]["random"] == pytest.approx((0.1 + 0.5 + 1 + 1 + 0) / 5)
    # By the largest probability: a 1.0, b and e 0.9, c 0.8, d 0.7; b and e count with the mean of their risks.
    risks = (0.1, (0.1 + 0.25) / 2, 0.6 / 3, 1.6 / 4, 2.6 / 5)
    assert table["aurc"]["largest probability"] == pytest.approx(sum(risks) / 5)
    assert table["kept"] == {
        "share": pytest.approx(0.6), "num": 3, "lesions": 2, "dice": pytest.approx(0.7), "missed": 0, "normals": 1,
        "false_alarms": 0,
    }
    assert (table["doubtful"]["num"], table["doubtful"]["missed"], table["doubtful"]["false_alarms"]) == (2, 1, 1)


def test_calibration_by_hand():
    found = tabulate_reliability(ROWS, BELIEFS)["lesion_probability"]
    assert found["share"] == 0.6
    assert found["mean"] == pytest.approx((1 + 0.9 + 0.5 + 0.6 + 0.2) / 5)
    assert found["brier"] == pytest.approx((0 + 0.01 + 0.25 + 0.36 + 0.04) / 5)
    assert found["brier_of_share"] == pytest.approx(0.24)
    assert [(entry["from"], entry["num"], entry["true"]) for entry in found["bins"]] == [
        (0.2, 1, 0), (0.5, 1, 1), (0.6, 1, 0), (0.9, 2, 1),
    ]
