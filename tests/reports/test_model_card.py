"""The card says what the facts say: every number of it can be found there, and the limits come first."""

from shipped_facts import make_facts

from keras_hanet.reports.model_card import format_card
from keras_hanet.version import INTENDED_USE


def row(card, start):
    return next(line for line in card.splitlines() if line.startswith(f"| {start}"))


def cells(card, start):
    return [cell.strip() for cell in row(card, start).strip("|").split("|")]


def test_limits_stand_before_the_scores():
    card = format_card(make_facts())
    assert card.index(INTENDED_USE) < card.index("Not for diagnosis") < card.index("## Scores")


def test_scores_with_their_intervals():
    card = format_card(make_facts())
    assert cells(card, "BUSI, 5 grouped folds") == [
        *("BUSI, 5 grouped folds", "recipe", "78.0 [75.0, 81.0]", "70.0 [66.0, 73.0]", "55.0 [40.0, 70.0]"),
        *("4 of 130", "3 of 27"),
    ]
    assert "It misses lesions outright: 4 of 130." in card
    assert "It outlines something on 3 of 27 normal images." in card
    assert cells(card, "lesion size: small") == [
        "lesion size: small (0.0 to 3.0 % of the image)", "40", "1", "60.0 [50.0, 70.0]",
    ]


def test_data_sheet_says_how_the_data_were_used():
    card = format_card(make_facts())
    assert cells(card, "BUSI ") == ["BUSI", "400 benign, 130 normal", "a", "CC0", "b"]
    text = " ".join(card.split())
    assert "normal images 2 times; and for each of them 0.5 lesion images of the other data set" in text
    assert "the median of what the folds of the cross-validation chose: threshold 0.55, smallest lesion 0.2 %" in text


def test_one_run_on_one_data_set_says_no_more():
    facts = make_facts()
    facts["reproduce"]["folds"] = []
    facts["reproduce"]["model"]["recipe"]["extra_data"] = []
    del facts["operating_point"]["of_folds"]
    card = format_card(facts)
    assert "fold" not in card.replace("grouped folds", "").replace("official fold", "")
    assert "other data set" not in card


def test_files_with_gate_and_time():
    card = format_card(make_facts())
    assert cells(card, "TFLite int8") == ["TFLite int8", "2.5e-01", "0.1250 (0.5)", "-0.2 [-0.4, 0.1] (-1)", "3.7"]
    assert "- TFLite int8, 1 thread: 7.5 ms the network, 11.2 ms from PNG to mask" in card
    assert "Not run on a cart's processor here." in card


def test_a_set_without_normals_has_no_false_alarms():
    facts = make_facts()
    facts["scores"].append({**facts["scores"][0], "title": "BUS-BRA", "normal": {"num": 0, "false_alarms": 0}})
    assert cells(format_card(facts), "BUS-BRA")[-1] == "no normals"


def test_how_to_make_it_again():
    text = " ".join(format_card(make_facts()).split())
    assert "`hanet reproduce cart --data DATA` makes this file's weights (0.7 hours)" in text
    assert "`hanet reproduce cart --fold 0 --data DATA` a fold of the cross-validation (0.4 to 0.4)" in text
