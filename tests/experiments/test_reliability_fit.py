import numpy as np
import pytest

from keras_hanet.errors import InputError
from keras_hanet.experiments.reliability_fit import (
    believe_row,
    choose_limit,
    cross_fit,
    fit_distances,
    fit_models,
)


def make_rows(num=400, seed=0):
    """Images of four in five a lesion; the Dice of an outline is its agreement, but for noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(num):
        is_lesion, agreement = number % 5 > 0, float(rng.uniform(0.2, 1))
        largest = float(np.clip(rng.normal(0.8 if is_lesion else 0.3, 0.15), 0.01, 0.99))
        outlined = largest >= 0.5
        counted_as = ("lesion case" if outlined else "missed lesion") if is_lesion else "true negative"
        if outlined and not is_lesion:
            counted_as = "false alarm"
        dice = float(np.clip(agreement + rng.normal(0, 0.05), 0, 1)) if counted_as == "lesion case" else 0.0
        rows.append(
            {
                "id": str(number), "source": "drawn", "group": str(number), "fold": number % 4, "part": "validation",
                "counted_as": counted_as,
                "dice": float("nan") if counted_as == "true negative" else dice,
                "long_axis_px": 100.0 if is_lesion else float("nan"),
                "predicted_long_axis_px": 100.0 * float(rng.uniform(0.9, 1.1)),
                "largest_probability": largest,
                "lesion_share": 0.1 if outlined else 0.0,
                "agreement": agreement,
                "confidence": float(rng.uniform(0.5, 1)),
            }
        )
    return rows


def case(counted_as, dice):
    return {"counted_as": counted_as, "dice": dice}


def test_what_was_put_in_is_found():
    rows = make_rows()
    models = fit_models(rows)
    _, agreement, confidence = models.dice_weights
    assert agreement > 3
    assert abs(confidence) < 0.6
    beliefs = [believe_row(row, models) for row in rows]
    present = np.array([row["counted_as"] in ("lesion case", "missed lesion") for row in rows])
    assert np.mean([belief.lesion_probability for belief in beliefs]) == pytest.approx(present.mean(), abs=0.01)
    outlined = [(b.expected_dice, row["dice"]) for b, row in zip(beliefs, rows, strict=True) if row["lesion_share"]]
    expected, true = np.array(outlined).T
    assert expected.mean() == pytest.approx(true.mean(), abs=0.01)
    assert np.corrcoef(expected, true)[0, 1] > 0.9
    assert np.exp(models.long_axis_quantiles) == pytest.approx((0.91, 1.0, 1.09), abs=0.02)


def test_one_kind_of_image_is_no_ground_for_a_fit():
    with pytest.raises(InputError, match="expected images with and without a lesion"):
        fit_models([row for row in make_rows() if row["counted_as"] in ("lesion case", "missed lesion")])


def test_an_image_says_nothing_of_itself():
    """Made worse in fold 0, the Dice changes what is said of the other folds and nothing that is said of fold 0."""
    rows = make_rows()
    worse = [{**row, "dice": 0.9 * row["dice"]} if row["fold"] == 0 else row for row in rows]
    before, after = cross_fit(rows, rows), cross_fit(worse, worse)
    same = [one == other for one, other in zip(before, after, strict=True)]
    assert [s for s, row in zip(same, rows, strict=True) if row["fold"] == 0] == [True] * 100
    assert not all(same)


def test_the_limit_keeps_as_many_as_the_target_allows():
    rows = [case("lesion case", dice) for dice in (0.95, 0.9, 0.7, 0.7, 0.5)]
    # Means of the first k: 0.95, 0.925, 0.85, 0.8125, 0.75.
    assert choose_limit(rows, [0.9, 0.8, 0.7, 0.6, 0.5]) == pytest.approx(0.55)


def test_the_limit_keeps_few_missed_lesions():
    rows = [case("lesion case", 0.95)] * 21 + [case("missed lesion", 0.0)] * 2
    # One of 22 is 4.5 %, two of 23 are 8.7 %.
    assert choose_limit(rows, [0.9] * 20 + [0.5, 0.4, 0.3]) == pytest.approx(0.35)


def test_images_without_a_lesion_do_not_count_for_the_target():
    rows = [case("lesion case", 0.9), case("true negative", float("nan")), case("false alarm", 0.0)]
    assert choose_limit(rows, [0.9, 0.8, 0.7]) == pytest.approx(0.35)


def test_images_of_one_expected_dice_are_not_parted():
    rows = [case("lesion case", 0.95)] * 21 + [case("missed lesion", 0.0)] * 2
    assert choose_limit(rows, [0.9] * 20 + [0.5, 0.4, 0.4]) == pytest.approx(0.45)


def test_a_target_out_of_reach_is_told():
    with pytest.raises(InputError, match=r"expected a limit at which the images kept have a mean Dice of 0\.8"):
        choose_limit([case("lesion case", 0.5)], [0.9])


def test_one_in_a_hundred_held_out_images_is_beyond_the_limit_of_distance():
    rng = np.random.default_rng(0)
    statistics = {"first": rng.normal(0, 1, (2000, 13)), "second": rng.normal(50, 1, (100, 13))}
    known, limit = fit_distances(statistics, np.arange(2000) % 5)
    assert list(known) == ["first", "second"]
    # The 99th percentile of a chi distribution with 13 degrees of freedom is 5.26.
    assert limit == pytest.approx(5.26, abs=0.15)
