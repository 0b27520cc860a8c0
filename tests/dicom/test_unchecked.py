import threading
import warnings

import pytest
from pydicom import Dataset, config

from keras_hanet.dicom.unchecked import unchecked


def set_odd_date():
    """Set a date that is none: pydicom warns, and its warning holds the date."""
    Dataset().PatientBirthDate = "1970-01-02"


def test_pydicom_would_print_what_it_finds():
    with pytest.warns(UserWarning, match="1970-01-02"):
        set_odd_date()


def test_nothing_is_said_inside_and_the_checks_come_back_after():
    before = config.settings.reading_validation_mode, config.settings.writing_validation_mode
    with unchecked():
        set_odd_date()
    assert (config.settings.reading_validation_mode, config.settings.writing_validation_mode) == before
    with pytest.warns(UserWarning, match="1970-01-02"):
        set_odd_date()


def test_the_checks_come_back_after_an_error():
    @unchecked()
    def fail():
        set_odd_date()
        raise RuntimeError("the disk is full")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="disk"):
            fail()
    with pytest.warns(UserWarning, match="1970-01-02"):
        set_odd_date()


def test_a_thread_that_leaves_does_not_end_the_silence_of_another():
    entered, left = threading.Event(), threading.Event()
    said = []

    def stay():
        with unchecked():
            entered.set()
            left.wait(10)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                set_odd_date()
            said.extend(caught)

    with unchecked():
        thread = threading.Thread(target=stay)
        thread.start()
        entered.wait(10)
    left.set()
    thread.join(10)
    assert not said
    with pytest.warns(UserWarning, match="1970-01-02"):
        set_odd_date()
