"""A Ray cluster: how commands join one, and run processes on it or here in the same way.

Only this module and `keras_hanet.batch` know of Ray. `address` is `HOST:PORT` of a cluster of which this machine is a
part, "auto" for the one it is a part of already, "local" for one that is started here and ends with the command.
"""

import multiprocessing
import os
import socket
from contextlib import contextmanager
from multiprocessing.connection import wait

from keras_hanet.errors import FailedError, InputError

SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_FOR_AN_ANSWER = 10


@contextmanager
def connect(address):
    """Join a cluster until the block ends; what this process runs on it then ends.

    An error that a worker raised inside the block comes out as itself, without Ray's wrapping.

    Args:
        address: see above.

    Raises:
        InputError: if there is no cluster.
        FailedError: if the cluster lost a worker too often or ended.
        ModuleNotFoundError: if Ray is not installed.
    """
    # Ray counts its users on a server of its own unless told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What is an error comes as an exception; the native log speaks of errors where there are none.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    options = {"include_dashboard": False} if address == "local" else {}
    try:
        _knock(address)
        ray.init(address, log_to_driver=False, logging_level="ERROR", **options)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--address {address}: expected a Ray cluster that this machine is a part of ({reason}); start one with "
            "ray start --head, or give --address local"
        ) from None
    try:
        yield
    except ray.exceptions.RayError as error:
        raise _cause(error) from error
    finally:
        ray.shutdown()


def _knock(address):
    """Ray waits for minutes where nobody answers."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), _SECONDS_FOR_AN_ANSWER).close()


def run_tasks(function, tasks, jobs=1, address=None, started=None):
    """Run a function many times, each in a process of its own, on this machine or on a cluster.

    What a task gives lies in the files that it writes. On a cluster it works in the folder that this process works in,
    so every machine must see that folder, and what its arguments name, under the same path. A task whose machine is
    lost is run again on another. It takes one GPU where the cluster has any.

    Args:
        function: of a module that can be imported; called as function(*arguments, cores), `cores` being how many
            processor cores are its share. It fails by raising or by exiting with a code.
        tasks: {name: arguments}.
        jobs: how many at once on a machine.
        address: as for `connect`; None runs them here.
        started: called with the name of each task as it is started or, on a cluster, handed over.

    Yields:
        (name, exit code) of each task that ended, 0 if all went well; None every half second in which none did.

    Raises:
        InputError: as `connect`, or if `jobs` is below 1.
    """
    if jobs < 1:
        raise InputError(f"jobs must be at least 1, got {jobs}")
    started = started or (lambda name: None)
    if address is None:
        yield from _run_here(function, tasks, jobs, started)
    else:
        yield from _run_on_cluster(function, tasks, jobs, started, address)


def _run_here(function, tasks, jobs, started):
    waiting, running = list(tasks.items()), {}
    cores = max(1, (os.cpu_count() or 1) // jobs)
    while waiting or running:
        while waiting and len(running) < jobs:
            name, arguments = waiting.pop(0)
            started(name)
            running[name] = _start(function, arguments, cores)
        wait([process.sentinel for process in running.values()], timeout=SECONDS_BETWEEN_LOOKS)
        ended = [name for name, process in running.items() if process.exitcode is not None]
        yield from ((name, running.pop(name).exitcode) for name in ended)
        if not ended:
            yield None


def _run_on_cluster(function, tasks, jobs, started, address):
    with connect(address):
        import ray

        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        cores = max(1, int(min(node["CPU"] for node in nodes)) // jobs)
        num_gpus = 1 if any(node.get("GPU") for node in nodes) else 0
        remote = ray.remote(_run_apart).options(num_cpus=cores, num_gpus=num_gpus, max_retries=-1)
        running = {}
        for name, arguments in tasks.items():
            started(name)
            running[remote.remote(function, arguments, cores, os.getcwd())] = name
        while running:
            ended, _ = ray.wait(list(running), timeout=SECONDS_BETWEEN_LOOKS)
            yield from ((running.pop(task), ray.get(task)) for task in ended)
            if not ended:
                yield None


def _run_apart(function, arguments, cores, folder):
    """In Ray's worker: run a task in a process below it, which is as fresh as one that is started without Ray."""
    try:
        os.chdir(folder)
    except OSError:
        raise InputError(
            f"{socket.gethostname()}: expected the folder {folder}, where the command was started; let every machine "
            "of the cluster see it under this path"
        ) from None
    process = _start(function, arguments, cores)
    process.join()
    return process.exitcode


def _start(function, arguments, cores):
    process = multiprocessing.get_context("spawn").Process(target=function, args=(*arguments, cores))
    process.start()
    return process


def _cause(error):
    """The error of this package, or the missing library, in Ray's error; else Ray's as a sentence."""
    inner = error
    while isinstance(inner, BaseException):
        found = getattr(inner, "cause", None) or inner.__cause__
        if isinstance(found, (InputError, FailedError, ModuleNotFoundError, OSError)):
            return found
        inner = found
    reason = str(error).splitlines()[-1]
    return FailedError(f"the cluster gave up ({reason}); the same command goes on with what is missing")
