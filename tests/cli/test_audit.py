import json
import re
import shlex
from pathlib import Path

import numpy as np

from keras_hanet.evaluation.audit import audit
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.evaluation.plausibility import Claim, read_score
from keras_hanet.evaluation.published import BUSI_ALL, BUSI_LESION, DUPLICATES_DICE

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"


def test_a_claim_as_text(hanet):
    done = hanet("audit", "--dice", "0.9728", "--iou", "0.9475", "--accuracy", "0.9974", "--n", 647)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Given: Dice 97.275 to 97.285 %, IoU 94.745 to 94.755 %, accuracy 99.735 to 99.745 %; ")
    assert "\nMEAN OVER IMAGES WITH A LESION: possible\n" in done.out
    assert "\nPOOLED OVER THE WHOLE SET: impossible\n" in done.out
    assert "(0 of 647): missed lesions." in done.out
    assert "\nWhat this cannot know:\n" in done.out
    assert done.out.endswith("\n\nResearch use only, not a medical device.\n")
    assert hanet("audit", "--dice", "97.28", "--iou", "94.75%", "--accuracy", "99.74", "--n", 647).out == done.out


def test_a_claim_as_json(hanet):
    scores = {"dice": "81.2", "jaccard": "72.9", "precision": "83", "sensitivity": "84", "lesion_share": "9.4"}
    words = ("--precision", "83", "--sensitivity", "84", "--lesion-share", "9.4", "--json")
    done = hanet("audit", "--dice", "81.2", "--iou", "72.9", *words)
    assert done.code == 0
    assert done.out.count("\n") == 1
    claim = Claim(**{name: read_score(text) for name, text in scores.items()})
    assert json.loads(done.out) == audit(claim)
    assert "What this cannot know:" in done.err


def test_a_number_that_is_no_score_is_refused(refused):
    refused("audit", "--dice", "0,97", "--iou", "0.95", says=["expected a score as 0.9728 or 97.28, got '0,97'"])
    refused("audit", "--dice", "0.97", "--iou", "105", says=["got '105'", "from 0 to 1 or to 100 %"])


def test_no_image_is_refused(refused):
    refused("audit", "--dice", "0.9", "--iou", "0.8", "--n", 0, says=["at least one image, got --n 0"])


def test_precision_without_sensitivity_is_refused(refused):
    words = ("audit", "--dice", "0.9", "--iou", "0.8", "--precision", "0.9")
    refused(*words, says=["--precision and --sensitivity together", "give both or neither"])


def test_dice_and_iou_are_needed(refused):
    refused("audit", "--dice", "0.9", says=["--iou", "'hanet audit --help'"])


# === The page ===


def test_the_page_shows_what_the_commands_print(hanet):
    blocks = re.findall(r"```\n(hanet audit [^\n]*)\n```\n\n```text\n([^`]*)\n```", PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == PAGE.read_text(encoding="utf-8").count("```\nhanet audit ") == 5
    for command, shown in blocks:
        done = hanet(*shlex.split(command)[1:])
        assert done.code == 0, done.err
        for part in shown.split("\n[...]\n"):
            assert part in done.out


def test_the_text_of_the_page_repeats_what_the_command_prints(hanet):
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    *_, words = page.split("In words.")
    words, _ = words.split("## Pairs that are means over images")
    printed = hanet("audit", "--dice", "97.28", "--iou", "94.75", "--accuracy", "99.74", "--n", 647).out
    printed = " ".join(printed.split())
    for text in ("deviation of 1.8 to 3.5 points IoU", "4.85 to 5.05 % of the image", "correlation at least 0.67"):
        assert text in words
        assert text in printed
    for what in (BUSI_LESION["mean"], BUSI_LESION["sd"], BUSI_ALL["mean"]):
        assert f"{100 * what:.2f} %" in page
    assert f"Dice of {DUPLICATES_DICE} on average" in words
    assert "Research use only, not a medical device." in page


def test_the_correlations_of_the_page_are_those_of_the_runs():
    found = re.findall(r"(-?\d\.\d\d) \(\[[^]]*\]\((results/[^)]*)\)\)", PAGE.read_text(encoding="utf-8"))
    assert len(found) == 3
    for number, run in found:
        rows = [row for row in read_cases(PAGE.parent / run / "cases.csv") if row["lesion_area_px"]]
        shares = [row["lesion_area_px"] / (row["height"] * row["width"]) for row in rows]
        assert f"{np.corrcoef(shares, [row['jaccard'] for row in rows])[0, 1]:.2f}" == number
