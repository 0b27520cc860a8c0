"""Many trainings: each in a process of its own, none done twice, all going on after a kill."""

import multiprocessing
import os
import sys
import threading
import traceback
from multiprocessing.connection import wait
from pathlib import Path

from keras_hanet.errors import FailedError, InputError
from keras_hanet.training.run_folder import read_run_config

_SECONDS_BETWEEN_LOOKS = 0.5
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def finish_runs(configs, folder, command, jobs=1, say=print, progress=iter):
    """Train every run that is not trained yet; one that was killed goes on where it stopped.

    Args:
        configs: {name: `TrainConfig`}; the run folder is folder/name.
        folder: path of the experiment.
        command: the command that does the experiment again, kept in every run.
        jobs: how many trainings at once, each with its share of the processor's cores.
        say: takes lines of text for the user.
        progress: wraps the iterator over the epochs that are left, a tqdm bar for instance.

    Raises:
        InputError: if a run folder holds a run of another configuration.
        FailedError: if a training failed; the others are finished first.
    """
    folder = Path(folder)
    if jobs < 1:
        raise InputError(f"jobs must be at least 1, got {jobs}")
    left = {name: config for name, config in configs.items() if not _is_done(folder / name, config)}
    say(f"{folder}: {len(configs)} runs, {len(configs) - len(left)} of them done already")
    if not left:
        return
    failed = []
    for _ in progress(_Epochs(left, folder, command, jobs, say, failed)):
        pass
    if failed:
        logs = ", ".join(str(_log(folder, name)) for name in failed)
        raise FailedError(
            f"{len(failed)} of {len(configs)} trainings failed: {', '.join(failed)}; what they said is in {logs}. "
            "The same command goes on with what is missing"
        )


class _Epochs:
    """Iterates over the epochs of runs as they are trained, and trains them meanwhile."""

    def __init__(self, configs, folder, command, jobs, say, failed):
        self._waiting = list(configs.items())
        self._folder, self._command, self._jobs, self._say, self._failed = folder, command, jobs, say, failed
        self._num_left = {name: config.epochs - _num_epochs_done(folder / name) for name, config in configs.items()}

    def __len__(self):
        return sum(self._num_left.values())

    def __iter__(self):
        running, counted = {}, dict.fromkeys(self._num_left, 0)
        while self._waiting or running:
            while self._waiting and len(running) < self._jobs:
                name, config = self._waiting.pop(0)
                running[name] = (self._start(name, config), _num_epochs_done(self._folder / name))
            wait([process.sentinel for process, _ in running.values()], timeout=_SECONDS_BETWEEN_LOOKS)
            for name, (process, num_before) in list(running.items()):
                ended = process.exitcode is not None
                # A run that stops early leaves epochs out: the bar moves on all the same.
                done = self._num_left[name] if ended else _num_epochs_done(self._folder / name) - num_before
                yield from range(counted[name], done)
                counted[name] = max(counted[name], done)
                if ended:
                    del running[name]
                    self._end(name, process.exitcode)

    def _start(self, name, config):
        self._say(f"{name}: training; its own progress is in {_log(self._folder, name)}")
        cores = max(1, (os.cpu_count() or 1) // self._jobs)
        process = multiprocessing.get_context("spawn").Process(
            target=_train, args=(config, self._folder / name, self._command, _log(self._folder, name), cores)
        )
        process.start()
        return process

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
    """The work of a process. It ends with its parent, so that no second one writes to the same folder later."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ |= dict.fromkeys(_THREADS, str(cores))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            from keras_hanet.training.trainer import train

            resume = (run_dir / "config.json").exists()
            train(config, run_dir, command, resume=resume, say=print)
        except (InputError, FailedError) as error:
            print(error)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            sys.exit(1)


def _end_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
