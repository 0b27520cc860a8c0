"""`hanet crossval`: every image of a data set scored once, by a model that has not seen it."""

import argparse

from keras_hanet.cli.console import bar, print_result, say
from keras_hanet.cli.recipe import add_jobs_argument, add_recipe_arguments, choose_experiment
from keras_hanet.evaluation.comparison import format_comparison
from keras_hanet.evaluation.folds import format_pooled_table
from keras_hanet.experiments.crossval import crossval
from keras_hanet.models.config import ARCHITECTURES

HELP = "Train one or more networks on every fold of a data set, and pool the scores in one table."
EXAMPLE = "hanet crossval --data BUSI --preset cart --folds 5 --run-dir runs/crossval"


def add_arguments(parser):
    parser.add_argument(
        "--model", nargs="+", choices=ARCHITECTURES, metavar="NAME",
        help=f"networks, the first is what the others are compared with: {', '.join(ARCHITECTURES)} (default: ha_net)",
    )
    parser.add_argument(
        "--folds", type=int, dest="num_folds", metavar="K", default=argparse.SUPPRESS, help="short for --num-folds"
    )
    parser.add_argument("--only", nargs="+", type=int, metavar="FOLD", help="these test folds (default: all)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    add_jobs_argument(parser)
    add_recipe_arguments(parser)


def run(arguments):
    if arguments.model:  # --base-filters is the peers'; HA-Net among them has none
        arguments.architecture = next((name for name in arguments.model if name != "ha_net"), "ha_net")
    folder, config = choose_experiment(arguments, "crossval")
    networks = list(dict.fromkeys(arguments.model or [config.model.architecture]))
    result = crossval(
        config,
        folder,
        networks,
        arguments.command_line,
        folds=arguments.only,
        jobs=arguments.jobs,
        say=say,
        progress=bar("epochs", unit="epoch"),
        address=arguments.address,
    )
    tables = [f"{name}\n\n{format_pooled_table(table)}" for name, table in result["networks"].items()]
    if result["comparison"]:
        tables.append(format_comparison(result["comparison"]))
    print_result(tables, result, arguments.json)
    say(f"Reports: {', '.join(str(folder / network / 'report.html') for network in networks)}")
