"""`hanet search`: try values of the configuration for the best validation score."""

from pathlib import Path

from keras_hanet.cli.console import bar, print_result, say
from keras_hanet.cli.recipe import add_jobs_argument, add_recipe_arguments, choose_experiment

HELP = "Search for hyper-parameters by the score on the validation part, going on after a kill."
EXAMPLE = "hanet search --data BUSI --preset cart --trials 20 --run-dir runs/search"


def add_arguments(parser):
    text = "JSON with the fields to vary, as in docs/search.md (default: rates, loss weights and two of augmentation)"
    parser.add_argument("--space", type=Path, metavar="FILE", help=text)
    text = "how many in all, the pruned and the failed among them (default: %(default)s)"
    parser.add_argument("--trials", type=int, default=20, metavar="N", help=text)
    text = "of the values that are tried; the trainings' own is --seed (default: %(default)s)"
    parser.add_argument("--search-seed", type=int, default=0, metavar="N", help=text)
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")
    add_jobs_argument(parser)
    add_recipe_arguments(parser)


def run(arguments):
    from keras_hanet.experiments.search import search
    from keras_hanet.experiments.search_report import CAUTION, format_best
    from keras_hanet.experiments.search_space import read_space

    folder, config = choose_experiment(arguments, "search")
    result = search(
        config,
        folder,
        arguments.command_line,
        space=arguments.space and read_space(arguments.space),
        num_trials=arguments.trials,
        seed=arguments.search_seed,
        jobs=arguments.jobs,
        address=arguments.address,
        say=say,
        progress=bar("trials", unit="trial"),
    )
    best = result["best"]
    table = f"Trial {best['trial']}: validation score {best['score']:.4f}\n\n{format_best(result)}\n\n{CAUTION}"
    print_result([table], result, arguments.json)
    say(f"Report: {folder / 'report.html'}\nCompare: tensorboard --logdir {folder / 'tensorboard'}")
    say(f"Next, which scores the test part once:\n  {result['next']}")
