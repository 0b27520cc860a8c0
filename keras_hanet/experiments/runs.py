"""Many trainings: each in a process of its own, none done twice, all going on after a kill."""

import multiprocessing
import os
import sys
import threading
import traceback
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path

from keras_hanet.cluster import run_tasks
from keras_hanet.errors import FailedError, InputError
from keras_hanet.training.run_folder import read_run_config

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def finish_runs(configs, folder, command, jobs=1, say=print, progress=iter, address=None):
    """Train every run that is not trained yet; one that was killed goes on where it stopped.

    Args:
        configs: {name: `TrainConfig`}; the run folder is folder/name.
        folder: path of the experiment.
        command: the command that does the experiment again, kept in every run.
        jobs: how many trainings at once on a machine, each with its share of the processor's cores.
        say: takes lines of text for the user.
        progress: wraps the iterator over the epochs that are left, a tqdm bar for instance.
        address: of the Ray cluster that trains them, as for `keras_hanet.cluster.connect`; None trains here.

    Raises:
        InputError: if a run folder holds a run of another configuration, or as `run_tasks`.
        FailedError: if a training failed; the others are finished first.
    """
    folder = Path(folder)
    left = {name: config for name, config in configs.items() if not _is_done(folder / name, config)}
    say(f"{folder}: {len(configs)} runs, {len(configs) - len(left)} of them done already")
    if not left:
        return
    failed = []
    for _ in progress(_Epochs(left, folder, command, jobs, say, failed, address)):
        pass
    if failed:
        logs = ", ".join(str(_log(folder, name)) for name in failed)
        raise FailedError(
            f"{len(failed)} of {len(configs)} trainings failed: {', '.join(failed)}; what they said is in {logs}. "
            "The same command goes on with what is missing"
        )


class _Epochs:
    """Iterates over the epochs of runs as they are trained, and trains them meanwhile."""

    def __init__(self, configs, folder, command, jobs, say, failed, address):
        self._folder, self._say, self._failed = folder, say, failed
        self._num_before = {name: _num_epochs_done(folder / name) for name in configs}
        self._num_left = {name: config.epochs - self._num_before[name] for name, config in configs.items()}
        tasks = {name: (config, folder / name, command, _log(folder, name)) for name, config in configs.items()}
        self._ended = run_tasks(_train, tasks, jobs, address, self._say_started)

    def __len__(self):
        return sum(self._num_left.values())

    def __iter__(self):
        counted = dict.fromkeys(self._num_left, 0)
        running = set(counted)
        for ended in self._ended:
            if ended is not None:
                running.remove(ended[0])
                self._end(*ended)
            for name in counted:
                # A run that stops early leaves epochs out: the bar moves on all the same.
                done = self._num_done(name) if name in running else self._num_left[name]
                yield from range(counted[name], done)
                counted[name] = max(counted[name], done)

    def _num_done(self, name):
        return _num_epochs_done(self._folder / name) - self._num_before[name]

    def _say_started(self, name):
        self._say(f"{name}: training; its own progress is in {_log(self._folder, name)}")

    def _end(self, name, exitcode):
        if exitcode:
            self._failed.append(name)
        self._say(f"{name}: {'FAILED' if exitcode else 'done'}")


def _is_done(run_dir, config):
    """Whether a run is finished; one of another configuration is refused."""
    if not (run_dir / "config.json").exists():
        return False
    if read_run_config(run_dir) != config:
        raise InputError(
            f"{run_dir} holds a run of another configuration; give the flags it was made with, or another --run-dir"
        )
    return (run_dir / "summary.json").exists()


def _num_epochs_done(run_dir):
    path = run_dir / "history.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def _log(folder, name):
    return folder / f"{name}.log"


def _train(config, run_dir, command, log, cores):
    """The work of a process."""
    with apart(log, cores):
        from keras_hanet.training.trainer import train

        resume = (run_dir / "config.json").exists()
        train(config, run_dir, command, resume=resume, say=print)


@contextmanager
def apart(log, cores):
    """The frame of a process's work. It ends with its parent, so that no second one writes to the same folder later.

    Args:
        log: path of a file that gets all it prints; an error ends the process with exit code 1 and is there.
        cores: how many of the processor's it takes.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print_to(log, cores)
    try:
        yield
    except (InputError, FailedError) as error:
        print(error)
        sys.exit(1)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


def print_to(log, cores):
    """Send what this process prints to a file, and tell the libraries how many cores it takes."""
    os.environ |= dict.fromkeys(_THREADS, str(cores))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _end_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
