"""Several processes that train one network: how they find each other, and how all end when one does."""

import atexit
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

from keras_hanet.errors import FailedError, InputError

START_TIMEOUT_S = 300
HEARTBEAT_TIMEOUT_S = 30
DAY_S = 24 * 3600  # no wait is too long while the others are alive, which their heartbeats say
_FROM_ENVIRONMENT = {
    "coordinator": "JAX_COORDINATOR_ADDRESS",
    "num_processes": "JAX_NUM_PROCESSES",
    "process_id": "JAX_PROCESS_ID",
}
# What the messages of JAX speak of when another process is gone.
_ABOUT_OTHERS = ("Gloo", "NCCL", "coordination service", "CoordinationService", "arrier")
_LAST_WORDS = (
    "hanet: a process of this training has stopped, and all of them with it: the first to stop says why; start all of "
    "them again with --resume"
)


@dataclass(frozen=True)
class Processes:
    """Processes that train one network together.

    Attributes:
        coordinator: HOST:PORT where process 0 can be reached by all.
        num_processes: how many there are.
        process_id: number of this one, from 0.
    """

    coordinator: str
    num_processes: int
    process_id: int


def read_processes(coordinator=None, num_processes=None, process_id=None, environment=os.environ):
    """The processes that the arguments name, or else the variables of the environment that JAX has for them.

    Returns:
        `Processes`; None for a process that trains alone.

    Raises:
        InputError: if only a part is given, or a number is out of range.
    """
    given = {"coordinator": coordinator, "num_processes": num_processes, "process_id": process_id}
    values = {
        name: environment.get(_FROM_ENVIRONMENT[name]) if value is None else value for name, value in given.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if len(missing) == len(values):
        return None
    if missing:
        flag = "--" + missing[0].replace("_", "-")
        raise InputError(
            f"{flag} is missing: several processes need --coordinator, --num-processes and --process-id; give all three"
        )
    try:
        found = Processes(values["coordinator"], int(values["num_processes"]), int(values["process_id"]))
    except ValueError:
        raise InputError(
            f"expected numbers for --num-processes and --process-id, got {values['num_processes']!r} and "
            f"{values['process_id']!r}; correct them"
        ) from None
    host, _, port = found.coordinator.rpartition(":")
    if not host or not port.isdecimal():
        raise InputError(f"--coordinator must be HOST:PORT, got {found.coordinator!r}; name the machine of process 0")
    if not 0 <= found.process_id < found.num_processes:
        raise InputError(
            f"--process-id must be from 0 to {found.num_processes - 1} for {found.num_processes} processes, got "
            f"{found.process_id}; number them from 0"
        )
    return found if found.num_processes > 1 else None


@contextmanager
def joined(processes):
    """Context in which the processes of a training are connected: when one of them ends, so do all.

    At the end each waits for the others. JAX ends a process from its native code when another is gone, with pages for
    its developers; a small process beside this one then says it in a sentence.

    Args:
        processes: `Processes`; None does nothing.

    Raises:
        InputError: if Keras does not run on JAX.
        FailedError: if the others did not come.
    """
    if processes is None:
        yield
        return
    if not is_jax():
        raise InputError("several processes train under JAX only; set the environment variable KERAS_BACKEND=jax")
    import jax

    words = [sys.executable, "-c", "import sys; sys.stdin.read() or sys.exit(sys.argv[1])", _LAST_WORDS]
    watcher = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, start_new_session=True)
    try:
        _connect(processes)
        yield
    except Exception as error:
        if not isinstance(error, InputError | FailedError) and any(word in str(error) for word in _ABOUT_OTHERS):
            print(f"hanet: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
            os._exit(1)  # the watcher says the rest
        _end_without_others(watcher, 2 if isinstance(error, InputError) else 1)
        raise
    except KeyboardInterrupt:
        _end_without_others(watcher, 130)
        raise
    jax.distributed.shutdown()
    watcher.communicate("done")


def is_jax():
    """Whether Keras runs on JAX."""
    import keras

    return keras.backend.backend() == "jax"


def _connect(processes):
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(
            processes.coordinator,
            processes.num_processes,
            processes.process_id,
            cluster_detection_method="deactivate",
            initialization_timeout=START_TIMEOUT_S,
            heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT_S,
            shutdown_timeout_seconds=DAY_S,
        )
    except RuntimeError as error:
        raise FailedError(
            f"{processes.coordinator}: not all {processes.num_processes} processes came within {START_TIMEOUT_S} s; "
            "check the address, and that each has been started"
        ) from error


def _end_without_others(watcher, code):
    """Let this process end for a reason of its own, without waiting for the others, which JAX would do at its exit."""
    watcher.communicate("done")
    atexit.register(os._exit, code)
