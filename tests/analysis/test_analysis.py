from types import SimpleNamespace

import numpy as np
import pytest

from keras_hanet.analysis import analysis
from keras_hanet.analysis.analysis import analyse, conclude
from keras_hanet.analysis.reliability import Belief
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

SIZE = 64


@pytest.fixture
def predictor():
    """Takes what is bright for lesion."""
    return Predictor.from_function(lambda images: images[..., 0] / 255, Metadata(SIZE, 0.5, 0.0, "bright"))


def scan_with_a_square():
    """100 x 150, grey noise, a bright square of 20 x 10 pixels and a bright banner on top."""
    image = np.random.default_rng(0).integers(20, 60, (100, 150, 1)).astype(np.uint8).repeat(3, axis=2)
    image[50:60, 70:90] = 250
    image[:8] = 250
    return image


def test_the_network_sees_the_scan_area_alone_and_the_mask_lies_where_it_does(predictor):
    area = ScanArea(20, 30, 64, 64, Spacing(0.2, 0.1))
    [seen] = analyse(predictor, [Frame(scan_with_a_square(), "scan.png", area)])
    expected = np.zeros((100, 150), np.uint8)
    expected[50:60, 70:90] = 1
    np.testing.assert_array_equal(seen.prediction.mask, expected)
    assert seen.prediction.probability.shape == (100, 150)
    assert seen.prediction.probability[:8].max() == 0  # the banner
    [lesion] = seen.lesions
    assert (lesion.depth_mm, lesion.transverse_mm) == pytest.approx((2.0, 2.0))
    assert (seen.lesion_probability, seen.expected_dice, seen.doubtful) == (None, None, None)


def test_without_an_area_it_sees_all(predictor):
    [seen] = analyse(predictor, [Frame(scan_with_a_square(), "scan.png")])
    assert len(seen.lesions) == 2
    assert seen.lesions[0].long_axis_mm is None
    assert {"several lesions", "cut by the border"} <= set(seen.flags)


RECORD = SimpleNamespace(long_axis_quantiles=(-0.1, 0.0, 0.1))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), (RECORD.long_axis_quantiles, 0.9, 0.8, False)),
        (("text",), (RECORD.long_axis_quantiles, 0.9, 0.8, False)),
        (("no scan area",), (None, None, None, True)),
        (("unlike the training images", "text"), (None, None, None, True)),
    ],
)
def test_of_an_image_of_another_kind_the_record_says_nothing(predictor, monkeypatch, flags, expected):
    monkeypatch.setattr(analysis, "assess", lambda *_: Belief(0.9, 0.8, False))
    monkeypatch.setattr(analysis, "find_flags", lambda *_: flags)
    [seen] = analyse(predictor, [Frame(scan_with_a_square(), "scan.png")], RECORD)
    assert (seen.long_axis_quantiles, seen.lesion_probability, seen.expected_dice, seen.doubtful) == expected


def test_a_film_is_concluded_without_asking_the_network_again(predictor, monkeypatch):
    monkeypatch.setattr(analysis, "find_flags", lambda *_: ())
    frame = Frame(scan_with_a_square(), "clip.mp4#0")
    seen = conclude(predictor, frame, predictor.probabilities_at_s([frame.scan])[0], RECORD)
    assert (seen.long_axis_quantiles, seen.expected_dice, seen.doubtful) == (RECORD.long_axis_quantiles, None, None)


def test_frames_of_a_batch_are_analysed_as_one_by_one(predictor):
    frames = [Frame(scan_with_a_square(), "a"), Frame(scan_with_a_square()[20:, 40:], "b")]
    for frame, seen in zip(frames, analyse(predictor, frames), strict=True):
        alone = conclude(predictor, frame, predictor.probabilities_at_s([frame.scan])[0])
        np.testing.assert_array_equal(seen.prediction.mask, alone.prediction.mask)
        assert (seen.frame, seen.lesions, seen.flags) == (frame, alone.lesions, alone.flags)
