"""`hanet reliability`: a finished cross-validation -> reliability.json, and how well it holds."""

from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, print_result, say
from keras_hanet.models.weights import DEFAULT
from keras_hanet.version import INTENDED_USE

HELP = "Fit how far a model may be believed: the probability of a lesion, the Dice to expect, when to doubt it."
EXAMPLE = "hanet reliability --crossval RUNS/cart-busi --data BUSI --extra-data BUSBRA --output reliability"


def add_arguments(parser):
    parser.add_argument(
        "--crossval", type=Path, required=True, metavar="DIR",
        help="finished folder of hanet crossval, one network, made by the recipe of --model",
    )
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of its data set")
    parser.add_argument(
        "--extra-data", nargs="*", default=[], metavar="DIR",
        help="folders of the further data sets it was trained with; what --model has not seen of them tries its record",
    )
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="model whose record it becomes, at whose operating point all is scored (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("reliability"), metavar="DIR",
        help="folder of the results; what an interrupted call left there is not computed again (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on the last line")


def run(arguments):
    with keras_loading():
        import keras  # noqa: F401  what its import prints is hidden
    from keras_hanet.experiments.reliability import fit_reliability
    from keras_hanet.experiments.reliability_report import format_correlations, format_rule

    summary = fit_reliability(
        arguments.crossval,
        arguments.data,
        arguments.extra_data,
        arguments.model,
        arguments.output,
        arguments.command_line,
        progress=lambda name: bar(name, unit="batch"),
    )
    print_result([format_correlations(summary), format_rule(summary)], summary, arguments.json)
    say(f"The record as reliability.json, beside it features.csv, summary.json and report.html: {arguments.output}")
    say(INTENDED_USE)
