from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from keras_hanet.data.augmentation import Augmentation, augment
from keras_hanet.errors import InputError

OFF = Augmentation(**{field.name: 0.0 for field in fields(Augmentation)})
STRONG = Augmentation(brightness=0.3, contrast=0.4, gamma=0.5, blur=1.0, speckle=1.0, speckle_sigma=0.4)
GREY_ONLY = replace(STRONG, flip=0.0, rotation_degrees=0.0, scale=0.0, shift=0.0)


def make_pair(size=96, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    return image, (rng.random((size, size)) < 0.3).astype(np.uint8)


def make_square(size=128):
    mask = np.zeros((size, size), np.uint8)
    mask[40:80, 30:90] = 1
    return np.repeat(255 * mask[..., None], 3, axis=2), mask


@pytest.mark.parametrize("size", [64, 95, 256])
def test_all_strengths_zero_is_the_identity(size):
    image, mask = make_pair(size)
    new_image, new_mask = augment(image, mask, np.random.default_rng(0), OFF)
    np.testing.assert_array_equal(new_image, image)
    np.testing.assert_array_equal(new_mask, mask)


@pytest.mark.parametrize("size", [64, 95, 256])
def test_flip_is_left_right_and_exact(size):
    image, mask = make_pair(size)
    new_image, new_mask = augment(image, mask, np.random.default_rng(0), replace(OFF, flip=1.0))
    np.testing.assert_array_equal(new_image, image[:, ::-1])
    np.testing.assert_array_equal(new_mask, mask[:, ::-1])


def test_flip_probability_is_the_share_of_flipped_images():
    image, mask = make_pair(16)
    rng = np.random.default_rng(0)
    flipped = sum((augment(image, mask, rng, replace(OFF, flip=0.25))[0] != image).any() for _ in range(400))
    assert 80 <= flipped <= 120


@pytest.mark.parametrize("seed", range(10))
def test_image_and_mask_move_together(seed):
    image, mask = make_square()
    warp_only = replace(OFF, flip=0.5, rotation_degrees=30.0, scale=0.3, shift=0.15)
    new_image, new_mask = augment(image, mask, np.random.default_rng(seed), warp_only)
    assert (new_mask != mask).any()
    seen = new_image[..., 0] >= 128
    assert (seen & (new_mask == 1)).sum() / (seen | (new_mask == 1)).sum() > 0.95


def test_zoom_and_shift_stay_within_their_bounds():
    image, mask = make_square()
    rng = np.random.default_rng(0)
    areas = [augment(image, mask, rng, replace(OFF, scale=0.25))[1].sum() / mask.sum() for _ in range(200)]
    # Areas go with the square of the zoom: 1 / 1.25^2 = 0.64 and 1.25^2 = 1.5625, give or take the outline.
    assert 0.61 < min(areas) < 0.70
    assert 1.45 < max(areas) < 1.61
    shifted = [augment(image, mask, rng, replace(OFF, shift=0.1))[1] for _ in range(200)]
    rows = [np.flatnonzero(each.any(axis=1))[0] for each in shifted]
    assert 40 - 13 <= min(rows) <= 30
    assert 50 <= max(rows) <= 40 + 13


def test_rotation_has_its_angle_and_no_other_change():
    image, mask = make_square()
    angles = []
    for seed in range(100):
        _, turned = augment(image, mask, np.random.default_rng(seed), replace(OFF, rotation_degrees=20.0))
        assert abs(turned.sum() / mask.sum() - 1) < 0.03
        y, x = np.nonzero(turned)
        covariance = np.cov(x, y)
        angles.append(np.degrees(0.5 * np.arctan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])))
    assert -21 < min(angles) < -17
    assert 17 < max(angles) < 21


def test_what_comes_from_outside_is_black_and_no_lesion():
    image = np.full((64, 64, 3), 255, np.uint8)
    mask = np.ones((64, 64), np.uint8)
    new_image, new_mask = augment(image, mask, np.random.default_rng(3), replace(OFF, shift=0.5))
    assert (new_mask == 0).any()
    assert set(np.unique(new_image[new_mask == 0])) <= set(range(128))
    assert (new_image[cv2.erode(new_mask, np.ones((3, 3))) == 1] == 255).all()


@pytest.mark.parametrize("seed", range(5))
def test_types_shapes_and_codes_are_kept(seed):
    image, mask = make_pair()
    before = image.copy(), mask.copy()
    new_image, new_mask = augment(image, mask, np.random.default_rng(seed), STRONG)
    assert new_image.shape == image.shape
    assert new_mask.shape == mask.shape
    assert new_image.dtype == new_mask.dtype == np.uint8
    assert set(np.unique(new_mask)) == {0, 1}
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(mask, before[1])


def test_same_generator_state_same_result():
    image, mask = make_pair()
    first, again, other = (augment(image, mask, np.random.default_rng(seed), STRONG) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


@pytest.mark.parametrize("seed", range(10))
def test_grey_changes_leave_the_mask_alone_and_grey_stays_grey(seed):
    image, mask = make_pair()
    image[...] = image[..., :1]
    new_image, new_mask = augment(image, mask, np.random.default_rng(seed), GREY_ONLY)
    np.testing.assert_array_equal(new_mask, mask)
    assert (new_image != image).any()
    assert (new_image == new_image[..., :1]).all()


@pytest.mark.parametrize("seed", range(10))
def test_black_image_stays_black(seed):
    image, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    new_image, new_mask = augment(image, mask, np.random.default_rng(seed), STRONG)
    assert not new_image.any()
    assert not new_mask.any()


def test_white_image_changes_by_brightness_and_contrast_only_so_far():
    image, mask = np.full((64, 64, 3), 255, np.uint8), np.zeros((64, 64), np.uint8)
    bounded = replace(OFF, brightness=0.1, contrast=0.2)
    greys = [augment(image, mask, np.random.default_rng(seed), bounded)[0] for seed in range(200)]
    assert all(grey.min() == grey.max() for grey in greys)
    # The darkest it can be: slope 0.8 about 127.5, then 25.5 less: 127.5 * 1.8 - 25.5 = 204.
    assert 204 <= min(grey.min() for grey in greys) <= 212
    assert max(grey.max() for grey in greys) == 255


def test_gamma_keeps_the_ends_and_bends_the_middle():
    ramp = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, axis=2)
    mask = np.zeros((256, 256), np.uint8)
    middles = []
    for seed in range(100):
        curve = augment(ramp, mask, np.random.default_rng(seed), replace(OFF, gamma=1.0))[0][0, :, 0]
        assert curve[0] == 0
        assert curve[255] == 255
        assert (np.diff(curve.astype(int)) >= 0).all()
        middles.append(curve[128])
    # 255 * (128 / 255)^2 = 64.3 and 255 * (128 / 255)^0.5 = 180.7 are the ends of the range.
    assert 64 <= min(middles) < 70
    assert 174 < max(middles) <= 181


def test_speckle_is_multiplicative_and_of_at_most_its_sigma():
    mask = np.zeros((128, 128), np.uint8)
    noisy = replace(OFF, speckle=1.0, speckle_sigma=0.2)
    shares = []
    for grey in (40, 80):
        image = np.full((128, 128, 3), grey, np.uint8)
        spread = [
            augment(image, mask, np.random.default_rng(seed), noisy)[0].std() for seed in range(50)
        ]
        shares.append(max(spread) / grey)
    assert 0.18 < shares[0] < 0.205
    assert shares[1] == pytest.approx(shares[0], rel=0.02)


def test_blur_lowers_the_contrast_of_neighbours_only_where_drawn():
    image, mask = make_pair()
    kept, blurred = (
        augment(image, mask, np.random.default_rng(1), replace(OFF, blur=share, blur_sigma_px=2.0))[0]
        for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(kept, image)
    assert blurred.std() < 0.7 * image.std()
    assert blurred.mean() == pytest.approx(image.mean(), abs=1.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("flip", 1.5), ("shift", 2.0), ("contrast", -0.1), ("rotation_degrees", -1.0), ("scale", float("inf"))],
)
def test_strength_out_of_range_is_refused(name, value):
    with pytest.raises(InputError, match=f"{name} must be .* got {value}"):
        Augmentation(**{name: value})


def test_wrong_shape_or_type_is_refused():
    image, mask = make_pair(32)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"Received: image\.shape=\(32, 32\)"):
        augment(image[..., 0], mask, rng, OFF)
    with pytest.raises(ValueError, match=r"Received: image\.dtype=float32"):
        augment(image.astype(np.float32), mask, rng, OFF)
