"""`hanet split`: a leak-free k-fold split of a data set as a file."""

from collections import Counter
from pathlib import Path

from keras_hanet.cli.console import say
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import write_folds
from keras_hanet.data.splits import make_folds

HELP = "Split a data set into folds that part no group of duplicates and no patient."
EXAMPLE = "hanet split --data BUSI --num-folds 5 --output folds.json"


def add_arguments(parser):
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--dataset", metavar="NAME", help="layout of the data set (default: recognised)")
    parser.add_argument("--groups", metavar="FILE", help="CSV with groups (default: the data set's own)")
    parser.add_argument("--num-folds", type=int, default=5, metavar="K", help="folds (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the shuffle (default: %(default)s)")
    parser.add_argument(
        "--output", type=Path, default=Path("folds.json"), metavar="FILE",
        help="file of the folds (default: %(default)s)",
    )


def run(arguments):
    _, samples = read_samples(arguments.data, arguments.dataset, arguments.groups)
    folds = make_folds(samples, arguments.num_folds, arguments.seed)
    write_folds(arguments.output, folds)
    for number, fold in enumerate(folds):
        counts = Counter(sample.diagnosis or "unknown" for sample in fold)
        say(f"fold {number}: {len(fold)} images, " + ", ".join(f"{counts[name]} {name}" for name in sorted(counts)))
    say(f"written to {arguments.output}")
