"""Transfer: train on one data set, test on others without any adaptation."""

from pathlib import Path

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.errors import InputError
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.evaluation.markdown import SCORE_LABELS, format_false_alarms, format_interval, format_table
from keras_hanet.experiments.runs import finish_runs
from keras_hanet.files import read_json, write_json
from keras_hanet.inference import Predictor
from keras_hanet.reports.document import Command, Section, Table, Text, write_report

SOURCE = "source"
_SCORES = ("dice", "jaccard", "hd95_px", "nsd")
_LEAD = (
    "Trained on the source alone; epoch, threshold and smallest lesion come from its validation part and are used on "
    "the targets as they are. Images that the network has seen, or a twin of them, are left out."
)


def transfer(config, folder, targets, command, say=print, progress=iter):
    """Train on a data set and score the network on its own test part and on other data sets.

    Args:
        config: `TrainConfig`; its data is the source.
        folder: of the experiment: `source/` is the run, `target-NAME/` an evaluation; what is there is not done again.
        targets: paths of data sets of other folder names.
        command: the command that does this again.
        say: takes lines of text for the user.
        progress: wraps long iterations, a tqdm bar for instance.

    Returns:
        list of {"name", "lesion", "normal"}, the source first, as transfer.json holds it.

    Raises:
        InputError: if a target cannot be read, has no new image or the name of another, or as `finish_runs`.
        FailedError: as `finish_runs`.
    """
    folder = Path(folder)
    samples_of = {Path(target).resolve().name: read_samples(target)[1] for target in targets}
    if len(samples_of) < len(targets):
        raise InputError("expected targets of different folder names, got one twice; rename or leave one out")
    finish_runs({SOURCE: config}, folder, command, say=say, progress=progress)
    summaries = {f"{SOURCE} ({Path(config.data).name})": _read_summary(folder / SOURCE)}
    for name, samples in samples_of.items():
        place = folder / f"target-{name}"
        if not (place / "summary.json").exists():
            unseen = keep_unseen(folder / SOURCE / "split.json", samples)
            if not unseen:
                raise InputError(f"{name}: the network has seen every image or its twin; give another target")
            say(f"{name}: scoring {len(unseen)} of {len(samples)} images, those the network has not seen")
            predictor = Predictor(folder / SOURCE)
            evaluate(predictor, unseen, place, f"{name}, trained elsewhere", command, progress=progress)
        summaries[name] = _read_summary(place)
    table = [{"name": name, "lesion": one["lesion"], "normal": one["normal"]} for name, one in summaries.items()]
    write_json(folder / "transfer.json", {"transfer": table, "command": command})
    blocks = (Text(_LEAD), Table.from_markdown(format_transfer(table)), Command(command))
    write_report(folder, "Transfer to other data sets", [Section("", blocks)])
    return table


def format_transfer(table):
    """A Markdown table, one row a data set, the source first."""
    labels = (SCORE_LABELS[name][0] for name in _SCORES)
    lines = [("scored on", "images (lesion + normal)", "missed", *labels, "false alarms")]
    for row in table:
        lesion, normal = row["lesion"], row["normal"]
        scores = (format_interval(lesion[name], SCORE_LABELS[name][1]) for name in _SCORES)
        alarms = format_false_alarms(normal)
        lines.append((row["name"], f"{lesion['num']} + {normal['num']}", str(lesion["missed"]), *scores, alarms))
    return format_table(lines)


def _read_summary(folder):
    return read_json(folder / "summary.json", "delete it, and the same command makes it again")
