"""The numbers of an explanation made by hand, and the sentences they give."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keras_hanet.explain.maps import GSA, TSA, Attention, Enhancement, Explanation
from keras_hanet.explain.summary import describe, summarise_explanation
from keras_hanet.inference import Prediction
from keras_hanet.metadata import Metadata

METADATA = Metadata(32, 0.4, 0.0, "drawn")
ATTENTION = [
    "TSA adds 20.0 % to the features (lambda 0.2000); its attention has 50.0 % of the entropy of uniform attention.",
    "GSA adds 40.0 % to the features (lambda -0.5000); its attention has 50.0 % of the entropy of uniform attention.",
]
IMAGE = np.full((20, 40, 3), 90, np.uint8)
TRUE = np.zeros((20, 40), np.uint8)
TRUE[2:6, 2:8] = 1
PRED = np.zeros((20, 40), np.uint8)
PRED[10:14, 4:12] = 1


def explain(mask_pred, absent=()):
    weights = np.array([[1, 0], [0.5, 0.5]], np.float32)
    grid = np.array([[0.1, 0.3]], np.float32)  # cells of 20 x 20 pixels
    attentions = {TSA: Attention(weights, "channels", 0.2, grid), GSA: Attention(weights, "positions", -0.5, 2 * grid)}
    enhancements = {"decoder_1_enhancement": Enhancement(np.array([0.2, 0.4]), np.array([0.6, 0.9]), 4 * grid)}
    probability = np.where(mask_pred, 0.9, 0.25).astype(np.float32)
    return Explanation(
        Prediction(probability, mask_pred),
        {name: part for name, part in attentions.items() if name not in absent},
        enhancements,
        absent,
    )


def test_numbers_by_hand():
    summary = summarise_explanation(explain(PRED), IMAGE, TRUE, METADATA)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["dice"] == 0
    attention = summary["attention"]["GSA"]
    assert attention.pop("received_range") == pytest.approx([0.5, 1.5])
    numbers = {"num_tokens": 2, "lambda": -0.5, "relative_entropy": 0.5, "largest_weight": 2.0, "added": 0.4}
    assert attention == pytest.approx({"tokens": "positions", **numbers})
    assert summary["enhancement"]["decoder_1_enhancement"]["maximum"] == pytest.approx(
        {"mean": 0.75, "low": 0.6, "high": 0.9}
    )
    false = summary["regions"]["false"]
    assert false["area_px"] == 32
    assert false["grey"] == 90
    assert false["TSA_added"] == pytest.approx(0.1)
    assert false["GSA_received"] == pytest.approx(1.5)
    assert false["decoder_1_enhancement_passed"] == pytest.approx(0.4)
    assert "TSA_received" not in false, "channels have no place"


def test_missed_lesion_and_shadow_become_sentences():
    lines = describe(summarise_explanation(explain(PRED), IMAGE, TRUE, METADATA))
    assert lines == [
        "Missed lesion of 24 px, 0.1 cells of the bottleneck: the largest probability inside is 0.25, "
        "the threshold 0.40.",
        "32 px outlined outside the reference, 50 % of them below it: mean grey 90, lesion 90, elsewhere 90.",
        *ATTENTION,
    ]


def test_a_lesion_that_was_seen_and_removed_is_told_from_one_that_was_not_seen():
    explanation = explain(PRED)
    explanation.prediction.probability[3, 3:6] = 0.7
    strict = replace(METADATA, min_lesion_share=0.01)
    [line, *_] = describe(summarise_explanation(explanation, IMAGE, TRUE, strict))
    assert line.endswith("inside is 0.70, the threshold 0.40. 3 px reach it; regions of less than 8 px are removed.")


def test_false_alarm_good_prediction_and_no_reference():
    alarm = summarise_explanation(explain(PRED), IMAGE, 0 * TRUE, METADATA)
    assert describe(alarm) == ["False alarm of 32 px, mean grey 90.", *ATTENTION]
    good = summarise_explanation(explain(TRUE), IMAGE, TRUE, METADATA)
    assert (good["dice"], describe(good)) == (1, ATTENTION)
    empty = summarise_explanation(explain(0 * TRUE), IMAGE, 0 * TRUE, METADATA)
    assert (empty["dice"], describe(empty)) == (None, ATTENTION)
    unknown = summarise_explanation(explain(PRED), IMAGE, None, METADATA)
    assert [unknown[name] for name in ("dice", "missed", "false")] == [None] * 3
    assert describe(unknown) == ATTENTION
    assert unknown["regions"]["predicted"]["area_px"] == 32


def test_parts_that_are_switched_off_are_named():
    summary = summarise_explanation(explain(TRUE, absent=(TSA,)), IMAGE, TRUE, METADATA)
    assert set(summary["attention"]) == {"GSA"}
    assert describe(summary) == [ATTENTION[1], "The network has no TSA: its panels are left out."]
    everything = summarise_explanation(explain(PRED, absent=(TSA, GSA)), IMAGE, TRUE, METADATA)
    assert everything["missed"][0]["cells"] == pytest.approx(24 / 800 * 2), "the coarsest skip takes its place"


def test_where_all_is_outlined_there_is_no_grey_elsewhere():
    summary = summarise_explanation(explain(np.ones_like(PRED)), IMAGE, TRUE, METADATA)
    assert summary["false"]["elsewhere_grey"] is None
    [line] = [line for line in describe(summary) if "outside the reference" in line]
    assert line.endswith("mean grey 90, lesion 90.")
