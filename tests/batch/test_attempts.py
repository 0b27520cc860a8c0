"""A file that takes its reader down: found by the note that the process could not clear."""

import json

from keras_hanet.batch.attempts import Attempts


def note(job):
    [path] = (job.output / ".attempts").iterdir()
    return json.loads(path.read_text())


def test_a_file_that_ended_three_processes_is_left_out(job, shards):
    for num_ended in range(3):
        attempts = Attempts(job, shards[0])
        assert attempts.begin("0.png")
        assert attempts.begin("2.png")
        assert note(job) == {"reading": "2.png", "ended": {"2.png": num_ended} if num_ended else {}}
    attempts = Attempts(job, shards[0])
    assert attempts.begin("0.png")
    assert not attempts.begin("2.png")
    assert attempts.begin("4.png")
    assert note(job)["ended"] == {"2.png": 3}


def test_two_such_files_are_both_left_out(job, shards):
    for _ in range(6):
        attempts = Attempts(job, shards[0])
        if attempts.begin("0.png"):
            continue
        assert attempts.begin("2.png")
    attempts = Attempts(job, shards[0])
    assert [attempts.begin(name) for name in shards[0].names] == [False, False, True]


def test_an_end_leaves_nothing_to_take_up(job, shards):
    attempts = Attempts(job, shards[0])
    attempts.begin("0.png")
    attempts.end()
    attempts.end()
    assert not any((job.output / ".attempts").iterdir())


def test_a_damaged_note_is_none(job, shards):
    path = job.output / ".attempts" / f"{shards[0].file_name}.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"reading": "0.p')
    assert Attempts(job, shards[0]).begin("0.png")
