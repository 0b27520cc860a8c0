"""One child process that reads many files, each within a time and all within a memory, and says what came of each."""

import multiprocessing
import resource
import signal
from dataclasses import dataclass

from fuzz.readers import READERS

from keras_hanet.errors import InputError

MAX_SECONDS = 10  # of the processor: others may use it, too
_MAX_WAITED_SECONDS = 120
MAX_BYTES = 2**30
_GUARD_BYTES = 6 * 2**30  # so that the machine survives what the test is about to find


@dataclass(frozen=True)
class Outcome:
    """What came of a file: "result", "refused", or the error or signal that ended it; and what it took at most."""

    what: str
    message: str = ""
    num_bytes: int = 0


def read_bounded(files):
    """Read files in one child process; one that takes longer than `MAX_SECONDS` ends the child.

    Args:
        files: {name: (reader, bytes)}; a reader of `fuzz.readers.READERS`.

    Returns:
        {name: `Outcome`}, up to the file at which the child ended, if it did.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(files, theirs))
    child.start()
    theirs.close()
    outcomes = {}
    for name in files:
        try:
            outcomes[name] = ours.recv()
        except EOFError:
            child.join()
            outcomes[name] = Outcome(f"ended by {signal.Signals(-child.exitcode).name}")
            break
    child.join()
    return outcomes


def _run(files, pipe):
    resource.setrlimit(resource.RLIMIT_AS, (_GUARD_BYTES, _GUARD_BYTES))
    before = _peak_bytes()
    for reader, content in files.values():
        # Their signals end the process, in C code too.
        signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
        signal.setitimer(signal.ITIMER_REAL, _MAX_WAITED_SECONDS)
        what, message = "result", ""
        try:
            READERS[reader](content)
        except InputError as error:
            what, message = "refused", str(error)
        except Exception as error:
            what, message = type(error).__name__, str(error)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.send(Outcome(what, message, _peak_bytes() - before))


def _peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
