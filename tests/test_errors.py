"""The two errors a command turns into a sentence and an exit code."""

from keras_hanet.errors import FailedError, InputError


def test_input_error_is_caught_as_a_value_error():
    assert issubclass(InputError, ValueError)


def test_failure_of_the_work_is_no_fault_of_the_input():
    assert issubclass(FailedError, RuntimeError)
    assert not issubclass(FailedError, InputError)
