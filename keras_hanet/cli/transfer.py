"""`hanet transfer`: train on one data set, test on others."""

from keras_hanet.cli.console import bar, keras_loading, print_result, say
from keras_hanet.cli.recipe import add_recipe_arguments, choose_experiment
from keras_hanet.experiments.transfer import format_transfer, transfer

HELP = "Train on one data set and score the network on others, without adaptation."
EXAMPLE = "hanet transfer --data BUSBRA --target BUSI --preset cart --run-dir runs/busbra-to-busi"


def add_arguments(parser):
    parser.add_argument("--target", nargs="+", required=True, metavar="DIR", help="folders of the data sets to test on")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    add_recipe_arguments(parser)


def run(arguments):
    folder, config = choose_experiment(arguments, "transfer")
    with keras_loading():
        import keras  # noqa: F401  the targets are scored in this process

    table = transfer(
        config, folder, arguments.target, arguments.command_line, say=say, progress=bar("transfer", unit="step")
    )
    print_result([format_transfer(table)], table, arguments.json)
    say(f"Report: {folder / 'report.html'}")
