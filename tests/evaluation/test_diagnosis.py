import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_hanet.evaluation.diagnosis import COLUMNS, area_under_curve, format_diagnosis, summarise_diagnosis


def row(diagnosis, group, normal, benign, malignant):
    return {"diagnosis": diagnosis, "group": group, **dict(zip(COLUMNS, (normal, benign, malignant), strict=True))}


def test_area_is_the_share_of_pairs_in_the_right_order():
    # Pairs of a positive (3, 1) and a negative (2, 1): right, right, wrong, tie.
    assert area_under_curve(np.array([3, 1, 2, 1]), np.array([True, True, False, False])) == (2 + 0.5) / 4
    assert np.isnan(area_under_curve(np.array([1, 2]), np.array([True, True])))


@pytest.mark.parametrize("seed", range(5))
def test_area_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, positive = rng.integers(0, 9, 60), rng.random(60) < 0.3
    assert area_under_curve(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_summary_by_hand():
    rows = [
        row("normal", "a", 0.6, 0.3, 0.1),
        row("normal", "b", 0.2, 0.5, 0.3),
        row("benign", "c", 0.1, 0.6, 0.3),
        row("benign", "d", 0.5, 0.4, 0.1),
        row("malignant", "e", 0.3, 0.2, 0.5),
        row("malignant", "f", 0.8, 0.05, 0.15),
    ]
    summary = summarise_diagnosis(rows, num_resamples=50)
    assert (summary["num"], summary["accuracy"]) == (6, pytest.approx(3 / 6))
    # Malignant shares 5/7 and 3/4 against 1/3 and 1/5: all four pairs in order.
    malignant = summary["auc"]["malignant against benign"]
    assert (malignant["num"], malignant["auc"], malignant["ci95"]) == (4, 1.0, [1.0, 1.0])
    # Lesions .9 .5 .7 .2, normals .4 .8: pairs in order 2 + 1 + 1 + 0 of 8.
    lesion = summary["auc"]["lesion against normal"]
    assert (lesion["num"], lesion["auc"]) == (6, pytest.approx(4 / 8))
    assert lesion["ci95"][0] <= lesion["auc"] <= lesion["ci95"][1]
    assert "AUC, malignant against benign: 1.000 [1.000, 1.000], 4 images" in format_diagnosis(summary)


def test_a_comparison_without_one_side_is_left_out():
    rows = [row("benign", str(number), 0.1, 0.5, 0.4) for number in range(3)]
    assert summarise_diagnosis(rows)["auc"] == {}


def test_images_of_one_group_are_drawn_together():
    rng = np.random.default_rng(0)
    rows = []
    for number in range(40):
        diagnosis = ("benign", "malignant")[number % 2]
        share = np.clip(rng.normal(0.5 + 0.1 * (number % 2), 0.2), 0, 1)
        rows += [row(diagnosis, str(number), 0.0, 1 - share, share)] * 4
    single = [{**entry, "group": str(number)} for number, entry in enumerate(rows)]
    widths = []
    for drawn in (rows, single):
        low, high = summarise_diagnosis(drawn, num_resamples=300)["auc"]["malignant against benign"]["ci95"]
        widths.append(high - low)
    # Four copies of each image: the interval of single images is about half as wide as it should be.
    assert widths[0] / widths[1] == pytest.approx(2, abs=0.5)
