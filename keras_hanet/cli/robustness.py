"""`hanet robustness`: models on ever worse images -> one table."""

from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, print_text, say
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.errors import InputError
from keras_hanet.experiments.robustness import fingerprint, score_conditions
from keras_hanet.experiments.robustness_table import tabulate, write_results
from keras_hanet.inference import Predictor
from keras_hanet.version import INTENDED_USE

HELP = "Score models under rising speckle, gain, contrast loss, blur, depth and on an imitated second device."
EXAMPLE = "hanet robustness --model runs/cart --model runs/no-augmentation --data BUSI --output robustness"


def add_arguments(parser):
    parser.add_argument(
        "--model", type=Path, action="append", required=True, metavar="DIR", dest="models",
        help="run folder, or its model.keras; given again, the models stand side by side",
    )
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--dataset", metavar="NAME", help="layout of the data set (default: recognised)")
    parser.add_argument("--groups", metavar="FILE", help="CSV with groups (default: the data set's own)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the noise (default: %(default)s)")
    parser.add_argument(
        "--output", type=Path, default=Path("robustness"), metavar="DIR",
        help="folder of the results; what an interrupted call left there is not computed again (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON on the last line")


def run(arguments):
    if arguments.seed < 0:
        raise InputError(f"--seed must be a whole number of at least 0, got {arguments.seed}")
    models = name_models(arguments.models)
    layout, samples = read_samples(arguments.data, arguments.dataset, arguments.groups)
    with keras_loading():
        predictors = {name: Predictor(path) for name, path in models.items()}
    unseen = samples
    for path in models.values():
        unseen = keep_unseen(path.with_name("split.json"), unseen)
    say(f"{arguments.data}: layout {layout!r}, {len(samples)} images, {len(unseen)} of them new to every model")
    if not unseen:
        raise InputError(f"{arguments.data}: a model has seen each image or its twin; give images none has seen")
    cases = {}
    for name, predictor in predictors.items():
        cases[name] = score_conditions(
            predictor,
            fingerprint(models[name]),
            unseen,
            arguments.output / "cases" / name,
            arguments.seed,
            progress=bar(f"{name}: conditions", unit="condition"),
        )
    table = tabulate(cases)
    settings = {
        "command": arguments.command_line,
        "split": f"{len(unseen)} of {len(samples)} images, those no model has seen",
        "seed": arguments.seed,
        "models": {name: vars(predictor.metadata) for name, predictor in predictors.items()},
    }
    markdown = write_results(arguments.output, table, settings)
    print_text(markdown, {**settings, "results": table}, arguments.json)
    say(f"The table as results.md, results.csv and results.json: {arguments.output}")
    say(INTENDED_USE)


def name_models(paths):
    """Short names for models: the run folder's, with its parent's where two are alike.

    Args:
        paths: run folders or model files.

    Returns:
        {name: path of its model.keras}, in the order given.

    Raises:
        InputError: if a model is given twice.
    """
    files = [path / "model.keras" if path.is_dir() else path for path in paths]
    folders = [path.resolve().parent for path in files]
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = [f"{folder.parent.name}-{folder.name}" for folder in folders]
    if len(set(names)) < len(names):
        raise InputError(f"expected models of different folders, got {', '.join(map(str, paths))}; give each once")
    return dict(zip(names, files, strict=True))
