"""An exported model -> the next version in the folder of a server, if it is good enough and no worse than the last."""

import hashlib
import tempfile
from dataclasses import asdict
from pathlib import Path

from keras_hanet.checksums import hash_digests
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.data.splits import image_sha256
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.evaluation.markdown import format_interval, format_table
from keras_hanet.export.bars import below_bars, compare, score
from keras_hanet.export.push_log import PUSHED, REFUSED, append_event, make_event
from keras_hanet.export.versions import hash_files, install, locked, numbered
from keras_hanet.files import read_json
from keras_hanet.inference import Predictor
from keras_hanet.metadata import METADATA_NAME, read_metadata
from keras_hanet.runtimes import find_model_file

SPLIT_NAME = "split.json"


def push(artefact, samples, folder, bars, command, load=Predictor, say=print, progress=iter):
    """Score a candidate, hold it against bars and the last version, and make it the next version if it passes.

    Images that the candidate has seen are left out; for the comparison also those that the last version has seen. Both
    are scored now, by this code on these images. The folder is held only while the version is put in place: a rollback
    need not wait for a push that is scoring, and of two pushes at once the later one is refused, as it was not
    compared with the earlier.

    Args:
        artefact: a folder that `hanet export` wrote, of any format.
        samples: list of `Sample` of a data set.
        folder: of the versions, made if it is not there; see `keras_hanet.export.versions`.
        bars: `Bars`.
        command: the command that does this again.
        load: function from a folder to a `Predictor`.
        say: takes lines of text for the user.
        progress: wraps iterators over batches.

    Returns:
        the event, as `push_log.jsonl` has it: "event" is "pushed", or "refused" for the "reasons" it lists. See
        docs/push.md for its fields.

    Raises:
        InputError: if the artefact, an image or the last version cannot be used, or no image is new.
        FailedError: as `install`.
    """
    artefact, folder = Path(artefact), Path(folder)
    _check_artefact(artefact, folder)
    files = hash_files(artefact)
    last, last_path = max(numbered(folder).items(), default=(None, None))
    if last is not None:
        _check_format(artefact, last_path)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        unseen = _keep_unseen(artefact, samples, "the candidate has")
        say(f"{len(unseen)} of {len(samples)} images are new to the candidate; scoring it on them")
        rows = _evaluate(load, artefact, unseen, place / "candidate", command, progress)
        scores = score(rows)
        comparison = None
        if last is not None:
            common = _keep_unseen(last_path, unseen, f"the candidate or version {last} has")
            say(f"{len(common)} of these are new to version {last} too; scoring it on them")
            last_rows = _evaluate(load, last_path, common, place / "last", command, progress)
            names = {(sample.source, sample.id) for sample in common}
            same_rows = [row for row in rows if (row["source"], row["id"]) in names]
            comparison = compare(last_rows, same_rows, last, bars.margin)
        event = make_event(
            PUSHED, None, command,
            **_describe(artefact, files),
            images={"num": len(samples), "num_new": len(unseen), "sha256": _hash_images(unseen)},
            scores=scores, bars=asdict(bars), comparison=comparison,
            reasons=below_bars(scores, bars) + (comparison["reasons"] if comparison else []),
        )
        return _decide(event, artefact, folder, place / "candidate" / "cases.csv", last, say)


def format_push(event):
    """Write what a push measured for people: a Markdown table of the bars, a line on the comparison.

    Args:
        event: what `push` gave.
    """
    scores, bars = event["scores"], event["bars"]
    lines = [("", "images", "candidate", "bar")]
    for label, key, kind, bar in (
        ("Dice, %", "dice", "lesion", f">= {100 * bars['min_dice']:g}"),
        ("missed lesions, %", "missed_rate", "lesion", f"<= {100 * bars['max_missed_rate']:g}"),
        ("false alarms, %", "false_alarm_rate", "normal", f"<= {100 * bars['max_false_alarm_rate']:g}"),
    ):
        lines.append((label, f"{scores[f'num_{kind}']} {kind}", format_interval(scores[key], 100), bar))
    comparison = event["comparison"]
    if comparison is None:
        return f"{format_table(lines)}\n\nThere is no version to compare with."
    difference = format_interval(comparison["difference"], 100, sign="+")
    alarms = format_interval(comparison["false_alarm_difference"], 100, sign="+")
    return (
        f"{format_table(lines)}\n\n"
        f"Against version {comparison['version']} on {comparison['num_pairs']} lesion images new to both: "
        f"Dice {difference or 'not scored'} points, above {-100 * comparison['margin'] or 0:g} is asked for"
        f"{f'; false alarms {alarms} points' if alarms else ''}."
    )


def _check_artefact(artefact, folder):
    """Only what an export let through leaves; a run folder, or what the gate rejected, does not."""
    find_model_file(artefact)
    for name in ("gate.json", METADATA_NAME, SPLIT_NAME):
        if not (artefact / name).is_file():
            raise InputError(f"{artefact}: expected a folder that hanet export wrote, it lacks {name}; export the run")
    try:
        faults = read_json(artefact / "gate.json", "export the run again")["faults"]
    except (KeyError, TypeError):
        raise InputError(f"{artefact / 'gate.json'}: the file is damaged; export the run again") from None
    if faults:
        raise InputError(f"{artefact}: the export's gate has rejected it ({faults[0]}); export the run again")
    if folder.resolve().is_relative_to(artefact.resolve()):
        raise InputError(f"{folder}: expected a folder outside the artefact; give another --to")


def _check_format(artefact, last_path):
    """A server that reads one format cannot load another: it would stay at the last version without a word."""
    names = [find_model_file(path).name for path in (artefact, last_path)]
    if names[0] != names[1]:
        raise InputError(
            f"{artefact}: expected the format of version {last_path.name} ({names[1]}), got {names[0]}; "
            "give each format a folder of its own with --to"
        )


def _keep_unseen(model_path, samples, who):
    unseen = keep_unseen(model_path / SPLIT_NAME, samples)
    if not unseen:
        raise InputError(f"{who} seen every image or its twin; give --data with images that are new")
    return unseen


def _evaluate(load, path, samples, folder, command, progress):
    evaluate(load(path), samples, folder, f"{len(samples)} new images", command, progress=progress)
    return read_cases(folder / "cases.csv")


def _describe(artefact, files):
    metadata = read_metadata(artefact / METADATA_NAME)
    return {
        "artefact": str(artefact),
        "model": metadata.name,
        "format": metadata.card.get("export"),
        "run_sha256": metadata.card.get("run_sha256"),
        "sha256": hash_digests(files),
        "files": files,
    }


def _hash_images(samples):
    """SHA-256 of the images' own, sorted: the same for the same pixels, whatever the files are called."""
    return hashlib.sha256("\n".join(sorted(map(image_sha256, samples))).encode()).hexdigest()


def _decide(event, artefact, folder, cases, last, say):
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, say):
        newest = max(numbered(folder), default=None)
        if newest != last:
            event["reasons"].append(f"the newest version was {last} when scoring began and is {newest} now; push again")
        if event["reasons"]:
            event["event"] = REFUSED
            append_event(folder, event)
            return event
        return install(artefact, folder, event, cases)
