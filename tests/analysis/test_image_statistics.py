import numpy as np
import pytest

from keras_hanet.analysis.image_statistics import (
    STATISTICS,
    Distribution,
    distance,
    fit_distribution,
    image_statistics,
)


def describe(grey):
    return dict(zip(STATISTICS, image_statistics(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)), strict=True))


def test_an_image_of_one_grey_has_that_grey_and_no_grain():
    found = describe(np.full((256, 512), 100))
    assert [found[f"grey_{share}"] for share in (5, 25, 50, 75, 95)] == [100] * 5
    assert found["log_grain"] == pytest.approx(0, abs=1e-6)
    assert [found[name] for name in ("across_1", "along_2", "top_minus_bottom", "middle_minus_ends")] == [0] * 4
    assert found["log_aspect"] == pytest.approx(np.log(2))


def test_where_an_image_is_bright():
    bands = np.repeat([200, 100, 50], (86, 85, 85))[:, None] * np.ones((1, 256))
    found = describe(bands)
    assert found["top_minus_bottom"] == 150
    assert found["middle_minus_ends"] == 100 - (200 + 50) / 2


def test_stripes_are_alike_along_them_and_opposite_across():
    stripes = np.tile([80, 120], 128)[None] * np.ones((256, 1))
    found = describe(stripes)
    # Grain of +-20 with the one grey level of rounding added to its power: 400 / 401.
    assert found["log_grain"] == pytest.approx(0.5 * np.log(401), abs=0.01)
    assert (found["across_1"], found["across_2"]) == pytest.approx((-1, 1), abs=0.02)
    assert (found["along_1"], found["along_2"]) == pytest.approx((1, 1), abs=0.02)


def test_it_is_the_same_in_colour_or_grey_and_at_twice_the_size():
    rng = np.random.default_rng(0)
    grey = np.kron(rng.integers(0, 255, (256, 256)), np.ones((2, 2)))
    np.testing.assert_allclose(list(describe(grey).values()), list(describe(grey[::2, ::2]).values()), atol=1e-4)


def test_distance_is_to_the_nearest_distribution():
    near, far = (Distribution(np.full(13, place), np.eye(13)) for place in (0.0, 10.0))
    offset = np.zeros(13)
    offset[:2] = 3, 4
    assert distance(offset, [far, near]) == 5
    assert distance(offset, [Distribution(np.zeros(13), 4 * np.eye(13))]) == 10  # half the spread, twice as far


def test_a_fit_finds_mean_and_spread_of_what_was_drawn():
    drawn = np.random.default_rng(0).normal(5, 2, (20_000, 13))
    fitted = fit_distribution(drawn)
    np.testing.assert_allclose(fitted.mean, 5, atol=0.05)
    np.testing.assert_allclose(fitted.precision, np.eye(13) / 4, atol=0.01)
    assert np.mean([distance(row, [fitted]) for row in drawn[:1000]]) == pytest.approx(np.sqrt(13), abs=0.1)


def test_images_that_agree_in_a_number_can_be_fitted():
    assert np.isfinite(fit_distribution(np.ones((20, 13))).precision).all()
