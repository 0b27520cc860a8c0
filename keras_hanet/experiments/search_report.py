"""What a search leaves: the table of its trials, the best configuration, HParams for TensorBoard, a report."""

import shlex
import shutil
from collections import Counter

from optuna.distributions import CategoricalDistribution
from tensorboardX import SummaryWriter

from keras_hanet.experiments.search_space import configure
from keras_hanet.experiments.search_study import STATES, finished_trials, importances
from keras_hanet.experiments.search_trial import name_of
from keras_hanet.files import write_json, write_table
from keras_hanet.reports.document import Charts, Command, Facts, KeyFigures, Section, Table, Text, write_report
from keras_hanet.reports.search_charts import draw_field, draw_history
from keras_hanet.training.config import to_dict
from keras_hanet.version import INTENDED_USE

CAUTION = (
    "The score is the mean Dice on the validation part of one fold at probability 0.5, a true negative as 1. The best "
    "of many trials is partly the luckiest: its score here is no estimate of anything, and a lead of a few hundredths "
    "may be gone on another fold. The test part was not scored in any trial; train the best configuration to score it."
)
_COLUMNS = ("trial", "state", "score", "epochs", "error")
_NUM_SHOWN = 10


def write_results(folder, study, config, command):
    """Write `trials.csv`, `best.json`, `search.json`, `tensorboard/`, `report.md` and `report.html`.

    Args:
        folder: of the search.
        study: of `open_study` with one complete trial or more.
        config: `TrainConfig` of the search.
        command: of the search.

    Returns:
        {"best": {"trial", "score", "values"}, "trials": {"complete", "pruned", "failed"}, "importance": {name: share},
        "next": the command that trains the best one, "command", "intended_use"}, as in search.json.
    """
    trials, best = finished_trials(study), study.best_trial
    names = list(best.distributions)
    rows = [_row(trial, names) for trial in trials]
    write_table(folder / "trials.csv", (*_COLUMNS, *names), rows)
    write_json(folder / "best.json", to_dict(configure(config, best.params)))
    _write_tensorboard(folder / "tensorboard", rows, names)
    counts = Counter(row["state"] for row in rows)
    path = folder / "best.json"
    result = {
        "best": {"trial": best.number, "score": best.value, "values": best.params},
        "trials": {state: counts[state] for state in STATES.values()},
        "importance": importances(study),
        "next": f"hanet train --config {shlex.quote(str(path))} --run-dir {shlex.quote(str(folder / 'best'))}",
        "command": command,
        "intended_use": INTENDED_USE,
    }
    write_json(folder / "search.json", result)
    _write_report(folder, config, rows, best, result)
    return result


def format_best(result):
    """The values of the best trial as a Markdown table with their importance, as `write_results` gives them."""
    importance = result["importance"]
    lines = ["| field | best value | importance |", "| --- | ---: | ---: |"]
    for name, value in result["best"]["values"].items():
        share = f"{importance[name]:.2f}" if name in importance else "too few trials"
        lines.append(f"| {name} | {_show(value)} | {share} |")
    return "\n".join(lines)


def _row(trial, names):
    return {
        "trial": trial.number,
        "state": STATES[trial.state],
        "score": trial.value if STATES[trial.state] == "complete" else None,
        "epochs": trial.user_attrs.get("epochs"),
        "error": trial.user_attrs.get("error"),
        **{name: trial.params.get(name) for name in names},
    }


def _write_tensorboard(folder, rows, names):
    shutil.rmtree(folder, ignore_errors=True)
    writer = SummaryWriter(str(folder))
    for row in rows:
        if row["state"] == "complete":
            values = {name: row[name] if isinstance(row[name], int | float | str) else str(row[name]) for name in names}
            # A name with a slash would be a folder.
            writer.add_hparams(values, {"validation/score": row["score"]}, name_of(row["trial"]).rpartition("/")[2])
    writer.close()


def _write_report(folder, config, rows, best, result):
    counts = result["trials"]
    figures = KeyFigures((("best validation score", f"{best.value:.4f}", f"trial {best.number}, {len(rows)} trials"),))
    facts = (
        ("data", str(config.data)),
        ("scored", f"validation part, {config.split} split, test fold {config.fold} of {config.num_folds} left alone"),
        ("trials", ", ".join(f"{count} {state}" for state, count in counts.items())),
        ("epochs of a trial", str(config.epochs)),
    )
    top = sorted((row for row in rows if row["state"] == "complete"), key=lambda row: -row["score"])[:_NUM_SHOWN]
    names = tuple(best.distributions)
    table = Table(
        ("trial", "score", *names),
        tuple((str(row["trial"]), f"{row['score']:.4f}", *(_show(row[name]) for name in names)) for row in top),
        f"The best {len(top)} trials; trials.csv has all",
    )
    sections = [
        Section("", (figures, Facts(facts), Text(CAUTION), Command(result["command"]))),
        Section("Best values", (Table.from_markdown(format_best(result)), Text(f"Next: {result['next']}"))),
        Section("Trials", (Charts(_charts(rows, best)), table)),
    ]
    write_report(folder, "Search for hyper-parameters", sections)


def _charts(rows, best):
    complete = [row for row in rows if row["state"] == "complete"]
    scores = [(row["trial"], row["score"]) for row in complete]
    charts = [("history", draw_history("history", scores), "Score of each trial, and the best so far")]
    for number, (field, distribution) in enumerate(best.distributions.items()):
        is_choice = isinstance(distribution, CategoricalDistribution)
        trials = [(row["trial"], str(row[field]) if is_choice else row[field], row["score"]) for row in complete]
        name = f"field-{number}"
        drawn = draw_field(name, field, trials, not is_choice and distribution.log)
        charts.append((name, drawn, f"Score against {field}"))
    return tuple(charts)


def _show(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
