from collections import Counter

import pytest
from layouts import draw_samples, ids

from keras_hanet.data.leaky_splits import LEAKY_SPLITS
from keras_hanet.data.splits import check_disjoint, grouped_split


@pytest.mark.parametrize("kind", LEAKY_SPLITS)
def test_a_leaky_split_is_marked_and_passes_the_guard_that_its_parts_would_not(kind, tmp_path):
    samples = draw_samples(tmp_path)
    split = LEAKY_SPLITS[kind](samples, 1)
    assert split.leaks
    assert split.name.startswith("LEAKS: ")
    assert split.name.endswith("5-fold, seed 0, test fold 1")
    check_disjoint(split)


def test_images_at_random_part_twins_in_equal_shares(tmp_path):
    samples = draw_samples(tmp_path)
    split = LEAKY_SPLITS["random"](samples, 0)
    parts = (split.train, split.validation, split.test)
    assert sorted(ids([*split.train, *split.validation, *split.test]), key=int) == ids(samples)
    assert [Counter(s.diagnosis for s in part) for part in parts] == [
        {"benign": 12, "malignant": 6}, {"benign": 4, "malignant": 2}, {"benign": 4, "malignant": 2}
    ]
    assert {s.group for s in split.test} & {s.group for s in split.train}


def test_what_is_scored_is_what_the_honest_split_scores(tmp_path):
    samples = draw_samples(tmp_path)
    honest = grouped_split(samples, 2)
    chosen, trained = (LEAKY_SPLITS[kind](samples, 2) for kind in ("validation_on_test", "training_on_test"))
    assert chosen.test == chosen.validation == trained.test == honest.test
    assert chosen.train == honest.train
    assert trained.validation == honest.validation
    assert trained.train == honest.train + honest.test
