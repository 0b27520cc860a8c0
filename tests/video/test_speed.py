import time

import pytest

from keras_hanet.video.speed import Speed, count_dropped


def passed(*intervals_s):
    speed = Speed()
    speed.intervals_s.extend(intervals_s)
    return speed


@pytest.mark.parametrize(
    ("interval_s", "sentence"),
    [
        (1 / 43.1, "43.1 frames/s: keeps up with 30 frames/s"),
        (1 / 30.04, "30.0 frames/s: keeps up with 30 frames/s"),
        (1 / 12, "12.0 frames/s: 2.5 times too slow for 30 frames/s"),
        (1 / 29.5, "29.5 frames/s: 1.02 times too slow for 30 frames/s"),
        (2.0, "0.5 frames/s: 60 times too slow for 30 frames/s"),
    ],
)
def test_the_sentence_says_whether_it_keeps_up_or_how_far_behind_it_is(interval_s, sentence):
    assert passed(*[interval_s] * 30).describe() == sentence


def test_the_rate_of_the_source_may_be_another():
    assert passed(0.05, 0.05).describe(15) == "20.0 frames/s: keeps up with 15 frames/s"


def test_without_a_frame_there_is_no_speed():
    assert Speed().describe() == "no frame was finished"
    assert Speed().frames_per_s == 0


def test_steps_and_frames_are_timed():
    speed = Speed()
    speed.start()
    for _ in range(4):
        with speed.step("network"):
            time.sleep(0.02)
        speed.count()
    assert speed.num_frames == 4
    assert 20 <= speed.step_ms()["network"] < 40
    assert 25 < speed.frames_per_s <= 50


def test_a_step_that_fails_is_timed_too():
    speed = Speed()
    with pytest.raises(KeyError), speed.step("network"):
        raise KeyError
    assert speed.step_s["network"] > 0


def test_a_chain_that_keeps_up_drops_nothing():
    assert count_dropped([1 / 31] * 100, 30, buffer=1) == 0
    assert count_dropped([], 30) == 0


def test_a_chain_half_as_fast_as_the_source_drops_every_other_frame():
    # 100 frames come in 10 s; one every 0.2 s leaves, so about 50 are lost but for those that still wait at the end.
    assert count_dropped([0.2] * 100, 10, buffer=1) == 49
    assert count_dropped([0.2] * 100, 10, buffer=10) == 40


def test_while_a_slow_frame_is_worked_on_as_many_as_fit_into_the_buffer_are_kept():
    # Frame 0 takes 0.35 s; 1, 2 and 3 come meanwhile.
    assert count_dropped([0.35, 0.01, 0.01, 0.01], 10, buffer=1) == 2
    assert count_dropped([0.35, 0.01, 0.01, 0.01], 10, buffer=2) == 1
    assert count_dropped([0.35, 0.01, 0.01, 0.01], 10, buffer=3) == 0
