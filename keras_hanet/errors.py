"""The errors a user may see: a sentence, never a traceback."""

MAX_CHARACTERS = 500


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one clear sentence: what was expected, what came, how to mend it. Commands print
    it and end with exit code 2. What a file or another library put into it cannot spoil it: it becomes one line of
    printable characters, and one longer than `MAX_CHARACTERS` loses its middle.
    """

    def __init__(self, message):
        line = "".join(c if c.isprintable() else "?" for c in " ".join(str(message).split()))
        half = (MAX_CHARACTERS - 5) // 2
        super().__init__(line if len(line) <= MAX_CHARACTERS else f"{line[:half]} ... {line[-half:]}")


class FailedError(RuntimeError):
    """The work itself failed: a training that diverged, a gate that closed.

    Commands print the message and end with exit code 1.
    """
