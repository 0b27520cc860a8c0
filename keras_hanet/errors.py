"""The errors a user may see: a sentence, never a traceback."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one clear sentence: what was expected, what came, how to mend it. Commands print
    it and end with exit code 2.
    """


class FailedError(RuntimeError):
    """The work itself failed: a training that diverged, a gate that closed.

    Commands print the message and end with exit code 1.
    """
