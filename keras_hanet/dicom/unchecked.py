"""pydicom without its checks of values, which print what they find: a name, a date of birth or a UID in a log."""

from contextlib import contextmanager
from threading import Lock

from pydicom import config

_lock, _inside, _modes = Lock(), 0, (None, None)


@contextmanager
def unchecked():
    """Take values as they are, read and written; around a block, or above a function.

    pydicom's switch is one for all threads, and its own `disable_value_validation` turns the checks on for everybody
    when the first thread leaves. Here they come back when the last one has left.
    """
    global _inside, _modes
    settings = config.settings
    with _lock:
        if not _inside:
            _modes = settings.reading_validation_mode, settings.writing_validation_mode
            settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                settings.reading_validation_mode, settings.writing_validation_mode = _modes
