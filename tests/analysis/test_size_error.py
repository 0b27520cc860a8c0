"""Error of the long axis: by hand, and how often the interval was right in the committed cross-validation."""

import math
from pathlib import Path

import numpy as np
import pytest

from keras_hanet.analysis.size_error import log_ratios, long_axis_interval, relative_error_quantiles
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases

CASES = Path(__file__).parents[2] / "docs" / "results" / "crossval-busi-shipped" / "ha_net" / "cases.csv"


def case(true, predicted, counted_as="lesion case"):
    return {"long_axis_px": true, "predicted_long_axis_px": predicted, "counted_as": counted_as}


def test_quantiles_by_hand():
    # Ratios exp(-0.5), exp(-0.49), ..., exp(0.5): 101 cases, of which 5 lie below the 5 % quantile.
    rows = [case(50, 50 * math.exp(step / 100)) for step in range(-50, 51)]
    assert relative_error_quantiles(rows) == pytest.approx((-0.45, 0, 0.45))


def test_only_cases_with_a_lesion_and_an_outline_count():
    missed, alarm = case(30, math.nan, "missed lesion"), case(math.nan, 40, "false alarm")
    others = [missed, alarm, case(math.nan, math.nan, "true negative")]
    older = case(math.nan, math.nan)  # of a table without long axes
    assert log_ratios([case(10, 20), *others, older, case(40, 20)]) == pytest.approx([math.log(2), -math.log(2)])
    assert log_ratios(others).shape == (0,)


def test_too_few_cases_are_refused():
    rows = [case(10, 11)] * 19
    with pytest.raises(InputError, match=r"expected at least 20 cases .* got 19"):
        relative_error_quantiles(rows)
    assert relative_error_quantiles([*rows, case(10, 11)]) == pytest.approx((math.log(1.1),) * 3)


def test_interval_by_hand():
    # Outlines come out between half and twice as long as the lesion: 30 may stand for 15 to 60.
    assert long_axis_interval(30.0, (math.log(0.5), 0.1, math.log(2))) == pytest.approx((15, 60))
    # They are always too long: the lesion is shorter than its outline.
    assert long_axis_interval(30.0, (math.log(1.2), math.log(1.25), math.log(1.5))) == pytest.approx((20, 25))


def test_interval_holds_for_cases_that_it_was_not_made_of():
    rows = read_cases(CASES)
    covered = {"benign": [], "malignant": []}
    for fold in range(5):
        quantiles = relative_error_quantiles([row for row in rows if row["fold"] != fold])
        for row in rows:
            if row["fold"] == fold and row["counted_as"] == "lesion case":
                low, high = long_axis_interval(row["predicted_long_axis_px"], quantiles)
                covered[row["diagnosis"]].append(low <= row["long_axis_px"] <= high)
    every = covered["benign"] + covered["malignant"]
    assert len(every) == 581
    assert np.mean(every) == pytest.approx(0.898, abs=0.0005)
    assert np.mean(covered["benign"]) == pytest.approx(0.929, abs=0.0005)
    assert np.mean(covered["malignant"]) == pytest.approx(0.839, abs=0.0005)
