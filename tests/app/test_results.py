import re
from types import SimpleNamespace

import numpy as np
import pytest

from keras_hanet.app.results import Result, Results


def result(number=0, num_pixels=100):
    image, mask = np.zeros((1, num_pixels, 3), np.uint8), np.zeros((1, num_pixels), np.uint8)
    prediction = SimpleNamespace(probability=mask.astype(np.float32), mask=mask)
    return Result(SimpleNamespace(frame=SimpleNamespace(image=image), prediction=prediction), index=number)


@pytest.fixture
def clock():
    return SimpleNamespace(now=0.0)


def kept(results, names):
    return [name in results._kept for name in names]


def test_a_pixel_takes_three_bytes_of_image_four_of_probability_and_one_of_mask():
    assert result(num_pixels=100).num_bytes == 800


def test_a_result_is_found_by_its_name_alone():
    results = Results()
    names = [results.add(result(number)) for number in range(3)]
    assert [results.get(name).index for name in names] == [0, 1, 2]
    assert results.get("0") is None
    assert results.get(names[0][:-1]) is None


def test_names_have_128_random_bits_and_are_fit_for_an_address():
    names = {Results().add(result()) for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", name) for name in names)


def test_the_one_longest_unused_makes_room():
    results = Results(max_results=2)
    first, second = results.add(result()), results.add(result())
    results.get(first)
    third = results.add(result())
    assert kept(results, (first, second, third)) == [True, False, True]


def test_the_bound_in_bytes_holds():
    results = Results(max_bytes=2000)
    names = [results.add(result()) for _ in range(3)]
    assert kept(results, names) == [False, True, True]


def test_the_newest_is_kept_although_it_alone_is_too_large():
    results = Results(max_bytes=1000)
    small, large = results.add(result()), results.add(result(num_pixels=500))
    assert kept(results, (small, large)) == [False, True]


def test_a_result_is_gone_after_its_time_however_often_it_was_used(clock):
    results = Results(max_age_s=60, clock=lambda: clock.now)
    name = results.add(result())
    clock.now = 59.9
    assert results.get(name) is not None
    clock.now = 60
    assert results.get(name) is None
    assert len(results) == 0


def test_old_results_go_although_nobody_asks(clock):
    results = Results(max_age_s=60, clock=lambda: clock.now)
    results.add(result())
    clock.now = 60
    assert len(results) == 1
    results.forget_old()
    assert len(results) == 0
