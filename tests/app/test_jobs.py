import asyncio
import threading
import time

import pytest

from keras_hanet.app.jobs import BusyError, Jobs, TooLateError


def read(value):
    async def read():
        return value

    return read


async def until(condition):
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def test_the_answer_is_what_the_work_makes_of_what_was_read():
    jobs = Jobs()
    assert asyncio.run(jobs.answer(read(3), lambda number: number * 2)) == 6
    jobs.close()


def test_work_runs_in_one_thread_and_answers_are_not_mixed_up():
    jobs, threads = Jobs(max_waiting=50), []

    def work(number):
        threads.append(threading.current_thread().name)
        time.sleep(0.001 * (number % 3))
        return number

    async def ask():
        return await asyncio.gather(*(jobs.answer(read(number), work) for number in range(50)))

    assert asyncio.run(ask()) == list(range(50))
    assert set(threads) == {"hanet-network_0"}
    jobs.close()


def test_one_more_than_may_wait_is_refused_before_it_is_read_and_taken_later():
    jobs, go = Jobs(max_waiting=1), threading.Event()

    async def never_read():
        raise AssertionError("it was read")

    async def ask():
        two = [asyncio.create_task(jobs.answer(read(n), lambda n: go.wait(5) and n)) for n in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await jobs.answer(never_read, None)
        go.set()
        assert await asyncio.gather(*two) == [0, 1]
        return await jobs.answer(read(7), lambda n: n)

    assert asyncio.run(ask()) == 7
    jobs.close()


def test_work_that_takes_too_long_is_given_up_and_keeps_its_place_until_it_ends():
    jobs, go = Jobs(max_waiting=0, time_limit_s=0.05), threading.Event()

    async def ask():
        with pytest.raises(TooLateError):
            await jobs.answer(read(None), lambda _: go.wait(5))
        with pytest.raises(BusyError):
            await jobs.answer(read(None), lambda _: None)
        go.set()
        await until(lambda: jobs._free._value == 1)
        return await jobs.answer(read("next"), lambda word: word)

    assert asyncio.run(ask()) == "next"
    jobs.close()


def test_what_waits_too_long_is_never_worked_on():
    jobs, go, done = Jobs(max_waiting=1, time_limit_s=0.05), threading.Event(), []

    async def ask():
        first = asyncio.create_task(jobs.answer(read("first"), lambda word: (go.wait(5), done.append(word))))
        second = asyncio.create_task(jobs.answer(read("second"), done.append))
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(answer) for answer in answers] == [TooLateError, TooLateError]
        go.set()
        await until(lambda: jobs._free._value == 2)

    asyncio.run(ask())
    assert done == ["first"]
    jobs.close()


def test_a_sender_that_stalls_is_given_up():
    jobs = Jobs(max_waiting=0, time_limit_s=0.05)

    async def stall():
        await asyncio.sleep(10)

    for _ in range(2):  # and its place is free again
        with pytest.raises(TooLateError):
            asyncio.run(jobs.answer(stall, None))
    jobs.close()


def test_what_the_work_raises_reaches_its_requester_and_frees_the_place():
    jobs = Jobs(max_waiting=0)

    def fail(_):
        raise KeyError("mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            asyncio.run(jobs.answer(read(None), fail))
    jobs.close()
