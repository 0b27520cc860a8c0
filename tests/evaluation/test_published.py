"""The facts beside a claim: counted again where the data set is there, consistent where it is not."""

import math

import numpy as np
import pytest
from layouts import real_data

from keras_hanet.data.busi import read
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.evaluation.published import BESIDE, BUSI_ALL, BUSI_LESION, BUSI_NORMALS, DUPLICATES_DICE


def test_all_of_busi_is_its_lesion_images_and_normals_without_a_lesion():
    assert BUSI_ALL["num"] == BUSI_LESION["num"] + BUSI_NORMALS
    part = BUSI_LESION["num"] / BUSI_ALL["num"]
    assert BUSI_ALL["mean"] == pytest.approx(part * BUSI_LESION["mean"], abs=1e-4)
    squares = part * (BUSI_LESION["sd"] ** 2 + BUSI_LESION["mean"] ** 2)
    assert BUSI_ALL["sd"] == pytest.approx(math.sqrt(squares - BUSI_ALL["mean"] ** 2), abs=1e-4)


def test_lines_have_a_source_and_scores_in_percent():
    for what, dice, jaccard, source in BESIDE:
        assert what
        assert source
        assert all(50 < float(number) < 100 for number in (*dice.split(" to "), *jaccard.split()))
        if jaccard:
            assert float(jaccard) < float(dice) <= 100 * 2 * float(jaccard) / (100 + float(jaccard))
    assert BESIDE[0][1] == f"{100 * DUPLICATES_DICE:.0f}"


def test_lesion_shares_of_the_released_masks():
    masks = [load_sample(sample)[1] for sample in read(real_data("busi"))]
    shares = np.array([mask.mean() for mask in masks])
    lesion = shares[shares > 0]
    for known, counted in ((BUSI_LESION, lesion), (BUSI_ALL, shares)):
        assert known["num"] == len(counted)
        assert (known["mean"], known["sd"]) == pytest.approx((counted.mean(), counted.std()), abs=5e-5)
    assert np.quantile(lesion, [0.25, 0.5, 0.75]) == pytest.approx([0.022, 0.058, 0.131], abs=5e-4)
