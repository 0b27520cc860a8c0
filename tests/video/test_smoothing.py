import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from video_phantoms import cine_frames, cine_lesion

from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.video.smoothing import Flicker, Smoother

EDGE = Path(__file__).parents[2] / "examples" / "edge" / "edge.py"
GREY = np.full((40, 60, 3), 100, np.uint8)


def flat(value):
    return np.full((4, 4), value, np.float32)


def smooth(seconds, values, times_s, images=None):
    smoother = Smoother(seconds)
    images = images or [GREY] * len(values)
    return [float(smoother.update(flat(v), i, t)[0, 0]) for v, i, t in zip(values, images, times_s, strict=True)]


def test_a_step_has_gone_63_percent_of_the_way_after_the_time_constant():
    np.testing.assert_allclose(smooth(0.1, [0, 1], [0, 0.1]), [0, 1 - math.exp(-1)], rtol=1e-6)


def test_it_does_the_same_at_every_frame_rate():
    slow = smooth(0.1, [0] + [1] * 5, [k / 10 for k in range(6)])
    fast = smooth(0.1, [0] + [1] * 50, [k / 100 for k in range(51)])
    np.testing.assert_allclose(fast[::10], slow, rtol=1e-5)


def test_it_is_the_smoothing_of_the_edge_example():
    rng = np.random.default_rng(0)
    maps, times_s = rng.random((20, 8, 8), dtype=np.float32), np.cumsum(rng.uniform(0.01, 0.1, 20))
    ours, edge = Smoother(0.1), runpy.run_path(str(EDGE))["Smoother"](0.1)
    for probability, time_s in zip(maps, times_s, strict=True):
        expected = edge.update(probability, time_s)
        np.testing.assert_allclose(ours.update(probability, GREY, time_s), expected, atol=1e-6)


def test_0_seconds_leave_the_maps_as_they_are():
    assert smooth(0, [0, 1, 0], [0, 0.1, 0.2]) == [0, 1, 0]


def test_another_scene_starts_anew():
    images = [np.repeat(draw_phantom("benign", np.random.default_rng(n), 200, 260)[0][..., None], 3, 2) for n in (0, 1)]
    values = smooth(0.1, [0, 0, 1, 1], [0, 0.03, 0.06, 0.09], [images[0], images[0], images[1], images[1]])
    assert values == [0, 0, 1, 1]


def test_a_moving_lesion_under_fresh_speckle_is_one_scene():
    images = [image for image, _ in cine_frames(30, 120, 160)]
    values = smooth(0.1, [0] * 29 + [1], [k / 30 for k in range(30)], images)
    assert values[-1] == pytest.approx(1 - math.exp(-1 / 3))


@pytest.mark.parametrize("times_s", [[0.5, 0.5], [0.5, 0.2], [0.5, None], [None, 0.5], [None, None]])
def test_where_time_does_not_go_on_or_is_not_known_it_starts_anew(times_s):
    assert smooth(0.1, [0, 1], times_s) == [0, 1]


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_a_time_constant_that_is_none_is_refused(seconds):
    with pytest.raises(ValueError, match="`seconds` must be 0 or more"):
        Smoother(seconds)


def test_flicker_is_the_mean_change_of_consecutive_masks():
    flicker = Flicker()
    assert math.isnan(flicker.value)
    # [1, 1] and [0, 1] overlap with a Dice of 2/3; [0, 1] and [0, 0] with 0; two empty ones do not differ.
    for mask in ([[1, 1]], [[0, 1]], [[0, 0]], [[0, 0]]):
        flicker.update(np.array(mask, np.uint8))
    assert flicker.value == pytest.approx((1 / 3 + 1 + 0) / 3)


def test_smoothing_takes_out_most_of_the_flicker_that_noise_makes():
    """Noise of its own in every frame on the probability of a lesion that moves: the masks jump less."""
    rng = np.random.default_rng(0)
    values = {seconds: (Smoother(seconds), Flicker()) for seconds in (0, 0.1)}
    moved = Flicker()
    for number in range(60):
        lesion = cine_lesion(number / 30, 64, 64)
        moved.update(lesion.mask(64, 64))
        noisy = 1 / (1 + np.exp(lesion.distance(64, 64) + rng.normal(0, 1.5, (64, 64))))
        for smoother, flicker in values.values():
            smoothed = smoother.update(noisy.astype(np.float32), GREY, number / 30)
            flicker.update((smoothed >= 0.5).astype(np.uint8))
    before, after = values[0][1].value, values[0.1][1].value
    assert after - moved.value < 0.5 * (before - moved.value)
