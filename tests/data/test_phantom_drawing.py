import math

import cv2
import numpy as np
import pytest

from keras_hanet.data.phantom_drawing import Lesion, draw_phantom, speckle_envelope

HEIGHT, WIDTH = 300, 360


def draw(diagnosis, seed, height=HEIGHT, width=WIDTH):
    return draw_phantom(diagnosis, np.random.default_rng(seed), height, width)


def mean_around(image, mask):
    ring = cv2.dilate(mask, np.ones((25, 25), np.uint8)) - cv2.dilate(mask, np.ones((9, 9), np.uint8))
    return image[ring == 1].mean()


def posterior_contrast(image, mask):
    """Mean grey of a patch below the lesion, less that of the patches left and right at the same depth."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    middle, half = (columns[0] + columns[-1]) // 2, (columns[-1] - columns[0]) // 2
    patch = image[rows[-1] + 5 : rows[-1] + 45]
    left = patch[:, max(0, middle - 2 * half) : middle - half - 12]
    right = patch[:, middle + half + 12 : middle + 2 * half]
    behind = patch[:, middle - half // 2 : middle + half // 2]
    return behind.mean() - np.concatenate([left, right], axis=1).mean()


# === Shapes ===


def test_mask_of_an_ellipse_has_its_area():
    mask = Lesion(y=100.0, x=120.0, half_width=60.0, half_height=30.0).mask(200, 240)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    assert mask.sum() == pytest.approx(math.pi * 60 * 30, rel=0.005)
    assert mask[100, 60:181].all()
    assert not mask[100, 59]
    assert not mask[100, 181]
    assert mask[70:131, 120].all()
    assert not mask[69, 120]
    assert not mask[131, 120]


def test_tilt_turns_and_keeps_the_area():
    upright = Lesion(120.0, 120.0, 60.0, 30.0, tilt=math.pi / 2).mask(240, 240)
    lying = Lesion(120.0, 120.0, 60.0, 30.0).mask(240, 240)
    np.testing.assert_array_equal(upright[1:, 1:], lying.T[1:, 1:])
    tilted = Lesion(120.0, 120.0, 60.0, 30.0, tilt=0.5).mask(240, 240)
    y, x = np.nonzero(tilted)
    covariance = np.cov(x, y)
    angle = 0.5 * math.atan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])
    assert angle == pytest.approx(0.5, abs=0.01)
    assert tilted.sum() == pytest.approx(math.pi * 60 * 30, rel=0.005)


def test_waves_change_the_area_by_half_their_squares():
    waves = ((3, 0.2, 0.5), (8, 0.1, 2.0))
    mask = Lesion(150.0, 150.0, 80.0, 50.0, waves=waves).mask(300, 300)
    # Area = integral of r^2 / 2 over the angle; the mean of (1 + sum a cos)^2 is 1 + sum a^2 / 2.
    assert mask.sum() == pytest.approx(math.pi * 80 * 50 * (1 + 0.02 + 0.005), rel=0.005)


# === Speckle ===


def test_speckle_is_rayleigh():
    envelope = speckle_envelope(np.full((400, 400), 3.0), np.random.default_rng(0))
    # Rayleigh: mean / standard deviation = sqrt(pi / (4 - pi)) = 1.913; mean square = amplitude^2.
    assert envelope.mean() / envelope.std() == pytest.approx(1.913, abs=0.04)
    assert (envelope**2).mean() == pytest.approx(9.0, rel=0.04)
    assert np.median(envelope) == pytest.approx(3 * math.sqrt(math.log(2)), rel=0.02)


def test_speckle_has_the_same_strength_at_every_depth_and_widens():
    envelope = speckle_envelope(np.ones((600, 600)), np.random.default_rng(1), lateral_px=(1.0, 3.0))

    def neighbour_correlation(part):
        return np.corrcoef(part[:, :-3].ravel(), part[:, 3:].ravel())[0, 1]

    thirds = np.split(envelope, 3)
    assert [(part**2).mean() for part in thirds] == pytest.approx([1.0, 1.0, 1.0], rel=0.06)
    assert neighbour_correlation(thirds[0]) < 0.5 * neighbour_correlation(thirds[2])


# === Phantoms ===


@pytest.mark.parametrize("diagnosis", ["benign", "malignant", "normal"])
def test_phantom_is_an_eight_bit_image_with_an_exact_code(diagnosis):
    image, mask = draw(diagnosis, 0, 280, 420)
    assert image.shape == mask.shape == (280, 420)
    assert image.dtype == mask.dtype == np.uint8
    assert set(np.unique(mask)) == ({0} if diagnosis == "normal" else {0, 1})
    assert image.std() > 15


def test_same_generator_state_same_phantom():
    first, again, other = (draw("benign", seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).mean() > 0.5


@pytest.mark.parametrize("diagnosis", ["benign", "malignant"])
@pytest.mark.parametrize("seed", range(8))
def test_every_lesion_is_whole_and_darker_than_what_is_around_it(diagnosis, seed):
    image, mask = draw(diagnosis, seed)
    assert not mask[[0, -1]].any()
    assert not mask[:, [0, -1]].any()
    assert cv2.connectedComponents(mask)[0] == 2
    assert 0.01 < mask.mean() < 0.2
    assert image[mask == 1].mean() < 0.75 * mean_around(image, mask)


def test_benign_lesions_are_wider_and_smoother_than_malignant_ones():
    def widths_and_solidity(diagnosis):
        ratios, solidities = [], []
        for seed in range(12):
            mask = draw(diagnosis, seed)[1]
            (outline,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            _, _, width, height = cv2.boundingRect(outline)
            ratios.append(width / height)
            solidities.append(cv2.contourArea(outline) / cv2.contourArea(cv2.convexHull(outline)))
        return np.array(ratios), np.array(solidities)

    benign, malignant = widths_and_solidity("benign"), widths_and_solidity("malignant")
    assert (benign[0] > 1).all()
    assert (malignant[0] < 1).mean() >= 0.25
    assert benign[1].min() > 0.97
    assert malignant[1].mean() < 0.95


def test_enhancement_behind_benign_and_shadow_behind_malignant():
    benign = [posterior_contrast(*draw("benign", seed)) for seed in range(12)]
    malignant = [posterior_contrast(*draw("malignant", seed)) for seed in range(12)]
    # A chance shadow may fall behind a single benign lesion, as in a patient.
    assert np.mean(benign) > 20
    assert np.mean(malignant) < -30
    assert np.sort(benign)[1] > np.max(malignant)


def test_a_threshold_does_not_solve_them():
    scores = []
    for seed in range(8):
        image, mask = draw(("benign", "malignant")[seed % 2], seed)
        _, dark = cv2.threshold(image, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
        scores.append(2 * (dark & mask).sum() / (dark.sum() + mask.sum()))
    assert np.mean(scores) < 0.6


def test_unknown_diagnosis_is_refused():
    with pytest.raises(ValueError, match="Received: diagnosis='cyst'"):
        draw("cyst", 0)
