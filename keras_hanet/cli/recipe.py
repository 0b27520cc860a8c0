"""The arguments of all commands that train: where the recipe comes from, and every field of it as a flag."""

from pathlib import Path

from keras_hanet.cli.config_flags import add_config_flags, apply_config_flags
from keras_hanet.errors import InputError
from keras_hanet.training.config import read_config
from keras_hanet.training.presets import PRESETS, preset


def add_recipe_arguments(parser, default="standard"):
    """Add --preset, --config, --run-dir and a flag for every field of the configuration."""
    parser.add_argument("--preset", choices=sorted(PRESETS), help=f"recipe to start from (default: {default})")
    parser.add_argument("--config", metavar="FILE", help="configuration to start from, JSON as a run leaves it")
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the results (default: runs/NAME-...)")
    add_config_flags(parser)


def add_jobs_argument(parser):
    """Add --jobs and --address, of commands with many trainings."""
    text = "trainings at once on a machine, which share its cores (default: %(default)s)"
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help=text)
    add_address_argument(parser)


def add_address_argument(parser):
    """Add --address, of commands that can work on a cluster."""
    parser.add_argument(
        "--address", metavar="ADDRESS",
        help="Ray cluster to work on, HOST:PORT or auto; all its machines see the same files under the same paths; "
        "local starts one here (default: none, this machine alone)",
    )


def choose_recipe(arguments, default="standard"):
    """Name and configuration that the arguments ask for.

    Args:
        arguments: parsed arguments of a parser with `add_recipe_arguments`.
        default: the preset where none is named.

    Returns:
        the recipe's name and a `TrainConfig`.

    Raises:
        InputError: if both --preset and --config were given, or the configuration cannot be used.
    """
    if arguments.preset and arguments.config:
        raise InputError("give --preset or --config, not both")
    if arguments.config:
        name, config = Path(arguments.config).stem, read_config(arguments.config)
    else:
        name = arguments.preset or default
        config = preset(name)
    return name, apply_config_flags(config, arguments)


def choose_experiment(arguments, experiment):
    """Folder and configuration of an experiment; the folder's name does not change, so that a call goes on.

    Raises:
        InputError: as `choose_recipe`, or without data.
    """
    name, config = choose_recipe(arguments)
    if config.data is None:
        raise InputError("data is missing: give --data with the folder of a data set")
    folder = arguments.run_dir or Path("runs") / f"{experiment}-{Path(config.data).resolve().name}-{name}"
    return folder, config
