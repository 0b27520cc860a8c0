"""`hanet train`: data -> run folder with model, scores and overlays."""

import dataclasses
import os
import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path

from keras_hanet.cli.config_flags import apply_config_flags
from keras_hanet.cli.console import bar, keras_loading, print_summary, say
from keras_hanet.cli.recipe import add_recipe_arguments, choose_recipe
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.data.storage import STORAGES
from keras_hanet.errors import InputError
from keras_hanet.training.distribution import choose_devices
from keras_hanet.training.processes import joined, read_processes
from keras_hanet.training.run_folder import read_run_config

HELP = "Train on a data set, or on phantoms made on the spot, and score the result."
EXAMPLE = "hanet train --data BUSI --preset cart --run-dir runs/cart"
NUM_PHANTOMS = 150


def add_arguments(parser):
    parser.add_argument("--resume", action="store_true", help="go on with the killed run in --run-dir")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on the last line")
    add_recipe_arguments(parser, "standard; quick without --data")
    group = parser.add_argument_group("machines", "They change how long a training takes, not what is trained.")
    text = "train on N devices of this machine at once (default: its GPUs, or one CPU)"
    group.add_argument("--devices", type=int, metavar="N", help=text)
    text = "train in several processes under JAX: where process 0 is reached (or JAX_COORDINATOR_ADDRESS)"
    group.add_argument("--coordinator", metavar="HOST:PORT", help=text)
    text = "how many processes there are (or JAX_NUM_PROCESSES)"
    group.add_argument("--num-processes", type=int, metavar="N", help=text)
    text = "number of this process, from 0; process 0 writes the run folder (or JAX_PROCESS_ID)"
    group.add_argument("--process-id", type=int, metavar="I", help=text)
    text = "where decoded images are kept: auto is memory, or disk if they take more than half of what is free"
    group.add_argument("--cache", choices=STORAGES, default="auto", help=text)


def run(arguments):
    # Keras takes seconds to import: not before the arguments are known to be right.
    config, run_dir = _choose(arguments)
    processes = read_processes(arguments.coordinator, arguments.num_processes, arguments.process_id)
    if processes is not None and (config.data is None or arguments.run_dir is None):
        raise InputError("several processes need --data and --run-dir, the same folders for all")
    with keras_loading():
        from keras_hanet.training.trainer import train

    if config.data is None:
        config = dataclasses.replace(config, data=str(_make_phantoms()))
    say(f"Run folder: {run_dir}")
    with joined(processes):
        devices = choose_devices(arguments.devices, processes)
        summary = train(
            config, run_dir, arguments.command_line, resume=arguments.resume, say=say, progress=bar("images"),
            devices=devices, storage=arguments.cache,
        )
        if not devices.is_first:
            say("This process has done its part; process 0 scores, and then all end.")
    if summary is not None and devices.is_first:
        print_summary(summary, arguments.json)
        say(_next_steps(run_dir, config.data))


def _choose(arguments):
    """The configuration and the run folder that the arguments ask for."""
    if arguments.resume:
        if arguments.preset or arguments.config:
            raise InputError("--resume takes the configuration from --run-dir; leave --preset and --config out")
        if arguments.run_dir is None:
            raise InputError("--resume needs --run-dir, the folder of the killed run")
        return apply_config_flags(read_run_config(arguments.run_dir), arguments), arguments.run_dir
    name, config = choose_recipe(arguments, "standard" if "data" in arguments else "quick")
    return config, arguments.run_dir or Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"


def _make_phantoms():
    folder = Path("runs") / f"phantoms-{NUM_PHANTOMS}"
    say(f"No --data given: phantoms are drawn into {folder}")
    return write_phantoms(folder, num=NUM_PHANTOMS, seed=0, progress=bar("phantoms"))


def _next_steps(run_dir, data):
    run_dir, data = shlex.quote(str(run_dir)), shlex.quote(str(data))
    # `make train` runs in an environment that is not activated: say where the programs are.
    programs = Path(sys.executable).parent
    at = "" if shutil.which("hanet") else f"{shlex.quote(os.path.relpath(programs))}/"
    return f"""
Report: {run_dir}/report.html
Overlays (green: reference, orange: prediction): {run_dir}/overlays
Next:
  {at}hanet predict {data} --model {run_dir} --output predictions
  {at}hanet evaluate --model {run_dir} --data ANOTHER_DATA_SET
  {at}hanet export {run_dir} --output exports
  {at}tensorboard --logdir {run_dir}/tensorboard"""
