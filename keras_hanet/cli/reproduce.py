"""`hanet reproduce NAME`: make a shipped model again from its data, and compare it with its card."""

from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, print_text, say
from keras_hanet.experiments.reproduce import (
    check_reproduction,
    data_folder,
    format_reproduction,
    recipe_of,
    reproduce,
)
from keras_hanet.models.weights import FOLDERS, read_facts, shipped_folder

HELP = "Make a shipped model again from its data and compare its score with the card's."
EXAMPLE = "hanet reproduce cart --fold 0 --data DATA"


def add_arguments(parser):
    parser.add_argument("name", choices=sorted(FOLDERS), help="name of the model")
    parser.add_argument(
        "--data", metavar="DIR", help="folder that holds the data sets as busi/ and busbra/ (default: HANET_DATA)"
    )
    parser.add_argument(
        "--fold", type=int, metavar="K",
        help="make fold K of its cross-validation instead of the model itself; that is what most of the card says",
    )
    parser.add_argument(
        "--run-dir", type=Path, metavar="DIR", help="folder of the runs (default: runs/reproduce-NAME-...)"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON on the last line")


def run(arguments):
    facts = read_facts(shipped_folder(arguments.name))
    configs, entry = recipe_of(facts, data_folder(arguments.data), arguments.fold)
    part = "model" if arguments.fold is None else f"fold-{arguments.fold}"
    folder = arguments.run_dir or Path("runs") / f"reproduce-{arguments.name}-{part}"
    say(f"{entry['title']}: it took {entry['hours']:.1f} hours ({facts['reproduce']['machine']}); runs in {folder}")
    with keras_loading():
        import keras  # noqa: F401  what its import prints is hidden

    result = reproduce(configs, entry, folder, arguments.command_line, say=say, progress=bar("images"))
    print_text(format_reproduction(result), result, arguments.json)
    check_reproduction(result)
