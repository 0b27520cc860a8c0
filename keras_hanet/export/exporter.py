"""A run -> its exported folders, each past the gate or in `rejected/`."""

import os
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from keras_hanet.checksums import write_checksums
from keras_hanet.data.layouts import read_further, read_samples
from keras_hanet.data.split_files import read_split
from keras_hanet.embedded_metadata import embed
from keras_hanet.errors import FailedError, InputError
from keras_hanet.evaluation.markdown import format_interval, format_table
from keras_hanet.export.card import count_operations, make_card
from keras_hanet.export.formats import FORMATS, missing_module
from keras_hanet.export.rewrite import pool_before_projection
from keras_hanet.export.source import Source, draw_evenly
from keras_hanet.export.verify import make_reference, verify
from keras_hanet.files import replacing, write_json
from keras_hanet.inference import Predictor, load_keras_model
from keras_hanet.metadata import METADATA_NAME, Metadata
from keras_hanet.training.run_folder import read_run_config

REJECTED = "rejected"
NUM_CALIBRATION = 100
_TEMPORARY = ".export-"


def export_run(
    run_dir, output, formats, command, data=None, part="validation", say=print, progress=iter, silence=nullcontext
):
    """Write a run's model in other formats and let through what answers as the Keras model does.

    Args:
        run_dir: folder of a finished run.
        output: gets a folder for each format, named as in `FORMATS`: the model file, `metadata.json`, `split.json` (so
            that a later evaluation leaves out what the model has seen), `SHA256SUMS` of these and `gate.json`. What the
            gate does not let through lies in `output/rejected/` instead. `gate.json` and `gate.md` of this export lie
            in `output`.
        formats: sequence of keys of `FORMATS`.
        command: the command that does this again.
        data: folder of the run's data set, if it has moved.
        part: whose images the files are held against, "validation" or "test".
        say: takes lines of text for the user.
        progress: wraps iterators over batches.
        silence: makes a context manager in which TensorFlow and the converters run, to hide what native code prints.

    Returns:
        {format: what `verify` gave, or {"faults": [the reason]} if it could not be written or read}.

    Raises:
        InputError: if the run, its data or a format's name cannot be used.
        ModuleNotFoundError: if a format needs what is not installed; nothing is written.
        FailedError: if an artefact was rejected; the others are in place.
    """
    run_dir, output = Path(run_dir), Path(output)
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"expected formats among {', '.join(FORMATS)}, got {', '.join(unknown)}")
    for module in filter(None, map(missing_module, formats)):
        raise ModuleNotFoundError(f"no module named {module!r}", name=module)
    with silence():
        model, metadata = load_keras_model(run_dir)
    split = _read_split(run_dir, data)
    output.mkdir(parents=True, exist_ok=True)
    _clear_away_killed_exports(output)
    images = getattr(split, part)
    say(f"Asking the Keras model about {len(images)} {part} images ...")
    reference = make_reference(Predictor.from_keras(model, metadata), images, progress)
    gate = {}
    with tempfile.TemporaryDirectory(prefix=f"{_TEMPORARY}{os.getpid()}-", dir=output) as temporary:
        calibration = draw_evenly((*split.train, *split.extra), NUM_CALIBRATION, metadata.size).astype(np.float32)
        source = Source(pool_before_projection(model), metadata, calibration, Path(temporary))
        with silence():
            card = make_card(model, run_dir, split, count_operations(source.model, metadata))
        for name in formats:
            say(f"{FORMATS[name].title}: writing and comparing ...")
            folder = Path(temporary) / name
            with silence():
                _write(name, source, card, folder)
            shutil.copy(run_dir / "split.json", folder)
            write_checksums(folder)
            gate[name] = _verify(folder, reference, FORMATS[name].limits, progress)
            write_json(folder / "gate.json", {"command": command, **gate[name]})
            _put(folder, output, rejected=bool(gate[name]["faults"]))
    _write_gate(output, gate, command, metadata, len(images), part)
    _report(gate, output, say)
    return gate


def format_gate(gate):
    """Write what the gate measured as a Markdown table, one row a format, limits in brackets."""
    lines = [("format", "largest difference", "mask pixels, %", "change of Dice, points", "tinted probes", "gate")]
    for name, row in gate.items():
        verdict = "rejected" if row["faults"] else "passed"
        if "num" not in row:
            lines.append((FORMATS[name].title, "", "", "", "", verdict))
            continue
        limits = FORMATS[name].limits
        lines.append((
            FORMATS[name].title,
            f"{_number(row['probability'])} ({limits.probability:g})",
            f"{100 * row['mask_share']:.4f} ({100 * limits.mask_share:g})",
            f"{format_interval(row['dice'], 100, sign='+')} ({-100 * limits.dice:g})",
            _number(row["probe"]),
            verdict,
        ))
    return format_table(lines)


def _number(value):
    return "not a number" if value is None else f"{value:.1e}"


def _read_split(run_dir, data):
    config = read_run_config(run_dir)
    folder = data or config.data
    if folder is None or not Path(folder).is_dir():
        raise InputError(f"{folder}: the run's data set is not there; give its folder with --data")
    layout, samples = read_samples(folder, config.dataset, config.groups)
    # Further data sets only serve to calibrate: where they have moved it is done without.
    there = all(Path(path).is_dir() for path in config.extra_data)
    return read_split(run_dir / "split.json", samples, read_further(config.extra_data, layout) if there else ())


def _clear_away_killed_exports(output):
    for path in output.glob(f"{_TEMPORARY}*-*"):
        if not Path("/proc", path.name.removeprefix(_TEMPORARY).partition("-")[0]).exists():
            shutil.rmtree(path)


def _write(name, source, card, folder):
    """Write one format and its metadata into a folder that is not there yet."""
    kind = FORMATS[name]
    folder.mkdir()
    metadata = vars(Metadata(**{**vars(source.metadata), "card": {"export": name, **card}}))
    kind.write(source, folder / kind.file)
    embed(folder / kind.file, metadata)
    write_json(folder / METADATA_NAME, metadata)


def _verify(folder, reference, limits, progress):
    try:
        return verify(folder, reference, limits, progress)
    except InputError as error:
        return {"faults": [str(error)]}


def _put(folder, output, rejected):
    """Move an artefact where it belongs; what an earlier export left of it goes."""
    accepted, refused = output / folder.name, output / REJECTED / folder.name
    for earlier in (accepted, refused):
        if earlier.exists():
            shutil.rmtree(earlier)
    place = refused if rejected else accepted
    place.parent.mkdir(exist_ok=True)
    folder.rename(place)


def _write_gate(output, gate, command, metadata, num_images, part):
    write_json(output / "gate.json", {"command": command, "num": num_images, "part": part, "formats": gate})
    text = f"{metadata.name}: each file against the Keras model on {num_images} {part} images; limits in brackets."
    reasons = [f"- {FORMATS[name].title}: {fault}" for name, row in gate.items() for fault in row["faults"]]
    parts = ["# Gate of an export", metadata.intended_use, text, format_gate(gate), "\n".join(reasons), f"`{command}`"]
    with replacing(output / "gate.md") as temporary:
        temporary.write_text("\n\n".join(part for part in parts if part) + "\n")


def _report(gate, output, say):
    say(format_gate(gate))
    rejected = {name: row["faults"] for name, row in gate.items() if row["faults"]}
    for name, faults in rejected.items():
        say(f"{FORMATS[name].title} was rejected: {'; '.join(faults)}")
    if rejected:
        raise FailedError(
            f"{len(rejected)} of {len(gate)} formats were rejected: {', '.join(rejected)}; they lie in "
            f"{output / REJECTED}, the others in {output}"
        )
