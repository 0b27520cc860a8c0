"""Each change measured by what it is named after: its size in decibels and pixels, and that it grows."""

import cv2
import numpy as np
import pytest

from keras_hanet.data.degradations import DEGRADATIONS, NUM_LEVELS, degrade

GREY = 100
LESION = (slice(60, 140), slice(100, 156))  # 80 x 56 pixels of 256 x 256


def make_pair(size=256, seed=0):
    """A speckled grey image with a dark lesion."""
    rng = np.random.default_rng(seed)
    grey = rng.normal(GREY, 12, (size, size))
    mask = np.zeros((size, size), np.uint8)
    mask[LESION] = 1
    grey = np.where(mask == 1, grey - 50, grey).clip(1, 255).astype(np.uint8)
    return cv2.merge([grey] * 3), mask


def at_levels(name, pair=None, seed=0):
    image, mask = pair or make_pair()
    return [degrade(image, mask, name, level, np.random.default_rng(seed)) for level in range(NUM_LEVELS)]


def flat_pair(grey=GREY, size=256):
    return np.full((size, size, 3), grey, np.uint8), np.zeros((size, size), np.uint8)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_level_0_is_the_identity_and_the_others_are_not(name):
    image, mask = make_pair()
    (first, first_mask), *others = at_levels(name)
    np.testing.assert_array_equal(first, image)
    np.testing.assert_array_equal(first_mask, mask)
    assert all((other != image).any() for other, _ in others)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_types_shapes_and_codes_are_kept(name):
    image, mask = make_pair()
    image, mask = image[:200], mask[:200]
    before = image.copy(), mask.copy()
    for new_image, new_mask in at_levels(name, (image, mask)):
        assert (new_image.shape, new_mask.shape) == ((200, 256, 3), (200, 256))
        assert new_image.dtype == new_mask.dtype == np.uint8
        assert set(np.unique(new_mask)) == {0, 1}
        assert (new_image == new_image[..., :1]).all(), "grey stays grey"
        assert name == "depth" or (new_mask == mask).all()
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(mask, before[1])


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_same_generator_state_same_result(name):
    for first, again in zip(at_levels(name), at_levels(name), strict=True):
        np.testing.assert_array_equal(first[0], again[0])
    draws_noise = name in ("speckle", "second device")
    assert (at_levels(name)[2][0] != at_levels(name, seed=1)[2][0]).any() == draws_noise


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_black_stays_black(name):
    for image, _ in at_levels(name, flat_pair(0)):
        assert not image.any()


def grows(values):
    return all(np.diff(values) > 0)


def test_speckle_has_its_decibels_and_its_grain():
    images = [image[..., 0].astype(float) for image, _ in at_levels("speckle", flat_pair(128))]
    spread = [image.std() for image in images]
    assert grows(spread)
    # 1, 2 and 4 dB of 255 / 60 grey levels each; at 6 dB black and white cut the tails off.
    np.testing.assert_allclose(spread[1:4], [4.25, 8.5, 17.0], rtol=0.02)
    noise = images[2] - images[2].mean()
    neighbours = (noise[:, :-1] * noise[:, 1:]).mean() / noise.var()
    # White noise under a Gaussian of 0.75 px is correlated by exp(-1 / (4 * 0.75^2)) at 1 px.
    assert neighbours == pytest.approx(np.exp(-1 / (4 * 0.75**2)), abs=0.03)


def test_speckle_of_a_larger_image_is_coarser_but_no_stronger():
    large = degrade(*flat_pair(128, 768), "speckle", 2, np.random.default_rng(0))[0][..., 0].astype(float)
    assert large.std() == pytest.approx(8.5, rel=0.03)
    noise = large - large.mean()
    assert (noise[:, :-3] * noise[:, 3:]).mean() / noise.var() == pytest.approx(np.exp(-1 / (4 * 0.75**2)), abs=0.05)


def test_gain_adds_its_decibels_and_saturates():
    means = [image.mean() for image, _ in at_levels("gain", flat_pair())]
    assert means == [100, 117, 134, 151, 168]  # 4 dB are 17 grey levels
    assert degrade(*flat_pair(250), "gain", 4, None)[0].max() == 255
    assert degrade(*flat_pair(10), "gain", 4, None)[0].max() == 40, "at most four times as bright"


def test_contrast_keeps_the_mean_and_a_share_of_the_difference():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32], image[32:] = 150, 50
    results = at_levels("contrast", (image, flat_pair(0, 64)[1]))
    for (flat, _), share in zip(results, (1, 0.8, 0.6, 0.4, 0.2), strict=True):
        assert flat[0, 0, 0] == 100 + 50 * share
        assert flat[-1, 0, 0] == 100 - 50 * share


def test_blur_takes_fine_detail_and_has_its_width():
    details = [cv2.Laplacian(image[..., 0], cv2.CV_64F).var() for image, _ in at_levels("blur")]
    assert grows([-detail for detail in details])


@pytest.mark.parametrize("size", [256, 512])
def test_blur_has_its_width_in_pixels_of_the_256_grid(size):
    edge = np.zeros((size, size, 3), np.uint8)
    edge[:, size // 2 :] = 200
    profile = degrade(edge, flat_pair(size=size)[1], "blur", 3, None)[0][128, :, 0].astype(float)
    steps, places = np.diff(profile) / 200, np.arange(size - 1)
    middle = (steps * places).sum()
    # The derivative of a blurred edge is the Gaussian, at this level of 2 px.
    assert np.sqrt((steps * (places - middle) ** 2).sum()) == pytest.approx(2 * size / 256, rel=0.05)


def test_depth_shrinks_lesion_and_image_alike_towards_the_transducer():
    results = at_levels("depth")
    areas = [int(mask.sum()) for _, mask in results]
    assert grows([-area for area in areas])
    np.testing.assert_allclose(areas, [80 * 56 / factor**2 for factor in (1, 1.25, 1.5, 1.75, 2)], rtol=0.03)
    image, mask = results[4]
    np.testing.assert_array_equal(np.argwhere(mask)[[0, -1]], [[30, 64 + 50], [69, 64 + 77]])
    assert not image[128:].any()
    assert not image[:, :64].any()
    assert not image[:, 192:].any()
    assert image[:128, 64:192].min() > 0
    assert abs(image[mask == 1].mean() - (GREY - 50)) < 1
    tissue = image[:128, 64:192][mask[:128, 64:192] == 0]
    assert abs(tissue.mean() - GREY) < 1


def test_depth_moves_the_mask_by_nearest():
    mask = (np.random.default_rng(0).random((256, 256)) < 0.5).astype(np.uint8)
    _, deeper = degrade(make_pair()[0], mask, "depth", 4, None)
    np.testing.assert_array_equal(deeper[:128, 64:192], mask[1::2, 1::2])
    assert not deeper[128:].any()


def test_second_device_has_a_steeper_grey_map_and_a_coarser_grain_across_the_beams():
    results = [image[..., 0].astype(float) for image, _ in at_levels("second device")]
    inside, outside = [image[70:130, 110:146].mean() for image in results], [image[150:].mean() for image in results]
    assert grows([-value for value in inside])
    # 60 dB shown over 40: every difference is 1.5 times as large. The lesion's mean has a noise of 2 grey levels.
    assert outside[4] - inside[4] == pytest.approx(1.5 * (outside[0] - inside[0]), abs=6)
    assert results[4].mean() == pytest.approx(results[0].mean(), abs=1)
    noise = results[4][150:] - outside[4]
    across, along = (noise[:, :-2] * noise[:, 2:]).mean(), (noise[:-2] * noise[2:]).mean()
    # Grains of 2 px and 1 px: exp(-2^2 / (4 * 2^2)) = 0.78 and exp(-1) = 0.37 at a distance of 2 px.
    assert across / noise.var() == pytest.approx(0.78, abs=0.05)
    assert along / noise.var() == pytest.approx(0.37, abs=0.05)


@pytest.mark.parametrize(("name", "level"), [("haze", 1), ("blur", 5), ("blur", -1)])
def test_unknown_change_or_level_raises(name, level):
    with pytest.raises(ValueError, match=f"Received: name='{name}', level={level}"):
        degrade(*flat_pair(), name, level, None)
