"""`hanet ablate`: what each part of the network and of its training gives."""

from keras_hanet.cli.console import bar, print_result, say
from keras_hanet.cli.recipe import add_jobs_argument, add_recipe_arguments, choose_experiment
from keras_hanet.evaluation.comparison import format_comparison
from keras_hanet.experiments.ablate import VARIANTS, ablate

HELP = "Train the network with one part changed at a time, and compare each with the whole on the same test part."
EXAMPLE = "hanet ablate --data BUSI --preset cart --fold 0 --variants no-tam no-sfeb --run-dir runs/ablate"
PRINTED = ("dice", "hd95_px", "nsd")


def add_arguments(parser):
    parser.add_argument(
        "--variants", nargs="+", choices=VARIANTS, metavar="NAME",
        help=f"variants beside the full one: {', '.join(VARIANTS)} (default: all)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    add_jobs_argument(parser)
    add_recipe_arguments(parser)


def run(arguments):
    folder, config = choose_experiment(arguments, "ablate")
    comparison = ablate(
        config,
        folder,
        arguments.command_line,
        variants=arguments.variants,
        jobs=arguments.jobs,
        say=say,
        progress=bar("epochs", unit="epoch"),
        address=arguments.address,
    )
    print_result([format_comparison(comparison, score) for score in PRINTED], comparison, arguments.json)
    say(f"Report: {folder / 'report.html'}")
