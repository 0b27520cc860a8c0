"""The two errors a command turns into a sentence and an exit code."""

from keras_hanet.errors import MAX_CHARACTERS, FailedError, InputError


def test_input_error_is_caught_as_a_value_error():
    assert issubclass(InputError, ValueError)


def test_failure_of_the_work_is_no_fault_of_the_input():
    assert issubclass(FailedError, RuntimeError)
    assert not issubclass(FailedError, InputError)


def test_message_is_one_printable_line():
    assert str(InputError("a\n b\t\x1b[2Jc\ud800\u202e; mend it")) == "a b ?[2Jc??; mend it"


def test_message_that_is_too_long_loses_its_middle():
    message = str(InputError(f"config.json: got {'x' * 5000}; mend it"))
    assert len(message) <= MAX_CHARACTERS
    assert message.startswith("config.json: got xxx")
    assert message.endswith("xxx; mend it")
    assert str(InputError("x" * MAX_CHARACTERS)) == "x" * MAX_CHARACTERS
