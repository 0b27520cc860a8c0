"""`hanet protocols`: how far each shortcut carries one network towards a claimed number."""

from keras_hanet.cli.console import bar, keras_loading, print_result, say
from keras_hanet.cli.recipe import add_jobs_argument, add_recipe_arguments, choose_experiment
from keras_hanet.errors import InputError
from keras_hanet.evaluation.markdown import format_table
from keras_hanet.experiments.protocols import format_protocols, protocols

HELP = "Train one recipe and score it nine ways, honest and not: what each shortcut adds, beside the paper's claim."
EXAMPLE = "hanet protocols --data BUSI --preset cart --fold 0 --run-dir runs/protocols"


def add_arguments(parser):
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    add_jobs_argument(parser)
    add_recipe_arguments(parser)


def run(arguments):
    folder, config = choose_experiment(arguments, "protocols")
    if config.split != "grouped" or not config.include_normal:
        raise InputError("protocols starts from a grouped split with the normal images; leave those flags out")
    with keras_loading():
        import keras  # noqa: F401  the networks are scored in this process

    table = protocols(
        config,
        folder,
        arguments.command_line,
        jobs=arguments.jobs,
        say=say,
        progress=bar("epochs", unit="epoch"),
        address=arguments.address,
    )
    print_result([format_table(format_protocols(table))], table, arguments.json)
    say(f"Report: {folder / 'report.html'}")
