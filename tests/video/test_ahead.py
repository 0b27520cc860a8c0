import threading
import time

import pytest

from keras_hanet.video.ahead import run_ahead


def numbers(num, made, closed):
    try:
        for number in range(num):
            made.append((number, threading.get_ident()))
            yield number
    finally:
        closed.append(True)


def test_items_come_in_order_from_one_other_thread():
    made, closed = [], []
    assert list(run_ahead(numbers(50, made, closed))) == list(range(50))
    threads = {thread for _, thread in made}
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    assert closed == [True]


def test_it_works_ahead_by_no_more_than_its_depth():
    made, closed = [], []
    source = numbers(50, made, closed)
    items = run_ahead(source, depth=3)
    next(items)
    for _ in range(100):
        if len(made) == 3:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 3  # the one that was taken and two that wait
    items.close()
    assert closed == [True]
    assert len(made) == 3


def test_who_closes_it_waits_for_one_item_at_most():
    made, closed = [], []

    def slow():
        for number in numbers(50, made, closed):
            time.sleep(0.05)
            yield number

    items = run_ahead(slow(), depth=8)
    next(items)
    items.close()
    assert len(made) <= 3


def test_an_error_comes_after_the_items_before_it_and_ends_the_thread():
    def failing():
        yield 1
        yield 2
        raise OSError("the disk is full")

    before = threading.active_count()
    items = run_ahead(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="the disk is full"):
        next(items)
    assert threading.active_count() == before


def test_closing_a_chain_closes_every_step_and_ends_every_thread():
    before, made, closed = threading.active_count(), [], []
    first = run_ahead(numbers(1000, made, closed))
    second = run_ahead(item + 1 for item in first)
    assert next(second) == 1
    assert threading.active_count() == before + 2
    second.close()
    first.close()
    assert closed == [True]
    assert threading.active_count() == before
    assert len(made) < 10


def test_steps_work_beside_each_other():
    def slow(items):
        for item in items:
            time.sleep(0.02)
            yield item

    start = time.monotonic()
    assert list(run_ahead(slow(run_ahead(slow(iter(range(20))))))) == list(range(20))
    assert time.monotonic() - start < 0.7  # one after the other they take 0.8 s
