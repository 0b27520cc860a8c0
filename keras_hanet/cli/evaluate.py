"""`hanet evaluate`: model + data -> cases.csv, summary.json, overlays and a report of them."""

from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, print_summary, say
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.errors import InputError
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.inference import Predictor
from keras_hanet.models.weights import DEFAULT
from keras_hanet.runtimes import find_model_file

HELP = "Score a model on the images of a data set that it has not seen."
EXAMPLE = "hanet evaluate --model runs/cart --data BUSI --output scores"


def add_arguments(parser):
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="name of a shipped model (hanet models lists them), or a run folder, the folder of an exported format, or "
        "the model file in it (default: %(default)s)",
    )
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--dataset", metavar="NAME", help="layout of the data set (default: recognised)")
    parser.add_argument("--groups", metavar="FILE", help="CSV with groups (default: the data set's own)")
    parser.add_argument(
        "--output", type=Path, default=Path("evaluation"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on the last line")


def run(arguments):
    layout, samples = read_samples(arguments.data, arguments.dataset, arguments.groups)
    with keras_loading():
        predictor = Predictor(arguments.model)
    unseen = keep_unseen(find_model_file(arguments.model).with_name("split.json"), samples)
    say(f"{arguments.data}: layout {layout!r}, {len(samples)} images, {len(unseen)} of them new to the model")
    if not unseen:
        raise InputError(f"{arguments.data}: the model has seen every image or its twin; give images it has not seen")
    split_name = f"{len(unseen)} of {len(samples)} images, those the model has not seen"
    summary = evaluate(
        predictor,
        unseen,
        arguments.output,
        split_name,
        arguments.command_line,
        progress=bar("images", unit="batch"),
    )
    print_summary(summary, arguments.json)
    say(f"Report: {arguments.output / 'report.html'}; scores of each image: {arguments.output / 'cases.csv'}")
