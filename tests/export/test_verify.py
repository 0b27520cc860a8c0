"""The gate's numbers, each on a case that can be worked out by hand."""

import numpy as np
import pytest

from keras_hanet.data.preprocessing import load_sample
from keras_hanet.export import verify as gate
from keras_hanet.export.formats import Limits
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

LIMITS = Limits(probability=0.1, mask_share=0.01, dice=0.01)
METADATA = Metadata(32, 0.5, 0.0, "test")


def dark(images):
    return 1 - images[..., 0] / 255


@pytest.fixture
def held_against(samples, monkeypatch):
    """A function that verifies a model, a function of images at S, against `dark`."""
    reference = gate.make_reference(Predictor.from_function(dark, METADATA), samples[:6])

    def hold(model, limits=LIMITS):
        monkeypatch.setattr(gate, "Predictor", lambda path: Predictor.from_function(model, METADATA))
        monkeypatch.setattr(gate, "_server", lambda path: None)
        return gate.verify("artefact", reference, limits)

    return hold


def test_same_model_has_no_difference(held_against):
    assert held_against(dark) == {
        "probability": 0.0, "mask_share": 0.0, "dice": {"mean": 0.0, "ci95": [0.0, 0.0]}, "probe": 0.0, "num": 6,
        "faults": [],
    }


def test_largest_difference_is_that_of_one_pixel(held_against):
    def one_pixel_off(images):
        answer = dark(images)
        answer[-1, 3, 4] = np.where(answer[-1, 3, 4] > 0.5, answer[-1, 3, 4] - 0.2, answer[-1, 3, 4] + 0.2)
        return answer

    found = held_against(one_pixel_off)
    assert found["probability"] == pytest.approx(0.2, abs=1e-6)
    assert found["faults"][0] == "largest difference of a probability: 0.2, at most 0.1"


def test_share_of_mask_pixels_and_dice_of_a_model_that_finds_nothing(held_against, samples):
    found = held_against(lambda images: np.zeros(images.shape[:3], np.float32), LIMITS._replace(probability=1))
    expected, dice = [], []
    for sample in samples[:6]:
        image, mask_true = load_sample(sample)
        mask = Predictor.from_function(dark, METADATA).predict([image])[0].mask
        expected.append(mask.mean() * mask.size)
        both = mask.sum() + mask_true.sum()
        dice.append((2 * (mask & mask_true).sum() / both if both else 1.0) - (0.0 if mask_true.any() else 1.0))
    total = sum(load_sample(sample)[1].size for sample in samples[:6])
    assert found["mask_share"] == pytest.approx(sum(expected) / total)
    assert found["dice"]["mean"] == pytest.approx(-np.mean(dice))
    assert any(fault.startswith("share of mask pixels that differ: ") for fault in found["faults"])


def test_swapped_channels_show_on_the_probes_alone(held_against):
    found = held_against(lambda images: dark(images[..., ::-1]))
    assert found["probability"] == found["mask_share"] == 0.0
    assert found["probe"] == 1.0
    assert found["faults"] == ["distance on tinted probes (1 is swapped channels): 1, at most 0.4"]


def test_not_a_number_is_a_fault(held_against):
    found = held_against(lambda images: np.full(images.shape[:3], np.nan, np.float32))
    assert found["probability"] is None
    assert found["probe"] is None
    assert "largest difference of a probability: not a number, at most 0.1" in found["faults"]


def test_better_dice_is_no_fault():
    measured = {"probability": 0.0, "mask_share": 0.0, "dice": {"mean": 0.3, "ci95": None}, "probe": 0.0}
    assert gate._faults(measured, LIMITS) == []
    worse = {**measured, "dice": {"mean": -0.02, "ci95": None}}
    assert gate._faults(worse, LIMITS) == ["loss of mean Dice: 0.02, at most 0.01"]
