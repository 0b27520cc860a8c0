"""`hanet predict`: images, DICOM files, films and folders -> outlines at the original size, measures, reports."""

import math
from functools import partial
from itertools import count
from pathlib import Path

from keras_hanet.analysis.reliability import read_reliability
from keras_hanet.cli.console import bar, keras_loading, say
from keras_hanet.cli.inputs import find_inputs, is_mask, path_of
from keras_hanet.cli.installs import describe_missing
from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor
from keras_hanet.models.weights import CARD, DEFAULT, shipped_folder
from keras_hanet.outputs.results import Results
from keras_hanet.outputs.tables import FRAMES, LESIONS, writing_tables
from keras_hanet.sources import open_source
from keras_hanet.video.smoothing import SMOOTHING_S

HELP = "Outline and measure the lesions of images, DICOM files, films and folders."
EXAMPLE = "hanet predict IMAGES --output predictions --report"


def add_arguments(parser):
    parser.add_argument(
        "inputs", nargs="+", type=path_of, metavar="INPUT",
        help="image, ultrasound DICOM file or film, or folder with these; NAME_mask.png in it is left out",
    )
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="name of a shipped model (hanet models lists them), or a run folder, the folder of an exported format, or "
        "the model file in it (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("predictions"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )
    parser.add_argument(
        "--report", action="store_true",
        help="write a page for each file, in HTML and PDF: picture, outline, measures, warnings",
    )
    parser.add_argument(
        "--deidentify", action="store_true",
        help="replace what names a patient, black out what lies around the scan, number the results; for DICOM files, "
        "others do not say where their scan is and are refused",
    )
    parser.add_argument(
        "--smoothing", type=float, default=SMOOTHING_S, metavar="SECONDS",
        help="films: how long an outline lags behind to flicker less; 0 takes each frame by itself "
        "(default: %(default)s)",
    )


def run(arguments):
    if not 0 <= arguments.smoothing < math.inf:
        raise InputError(f"--smoothing: expected seconds, 0 or more, got {arguments.smoothing:g}")
    _check_output(arguments.output)
    if arguments.report:
        import keras_hanet.analysis.case_pdf  # noqa: F401  what it needs is missed before the work, not after it
    places = find_inputs(arguments.inputs, arguments.output)
    num_masks = sum(is_mask(path) for source in arguments.inputs if source.is_dir() for path in source.rglob("*"))
    if num_masks:
        say(f"{num_masks} files are named like masks (NAME_mask.png) and left out; give one by itself to predict it")
    with keras_loading():
        predictor = Predictor(arguments.model)
    reliability = read_reliability(arguments.model)
    say(_describe(arguments.model, predictor.metadata))
    results = Results(
        arguments.output, predictor, str(arguments.model), reliability, arguments.report, arguments.smoothing
    )
    openers = _deidentified(places) if arguments.deidentify else _as_they_are(places)
    refused = []
    with writing_tables(arguments.output) as tables:
        for path, place, opened in bar("files", unit="file")(openers):
            try:
                source = opened()
                speed = results.write(place, source, tables)
            except InputError as error:
                refused.append(str(error))
                continue
            except ModuleNotFoundError as error:
                if describe_missing(error) is None:
                    raise
                refused.append(f"{path}: {describe_missing(error)}")
                continue
            if speed is not None:
                say(f"{source.name}: {speed.describe()}{_describe_damage(source)}")
        if len(refused) == len(places):
            _say_refused(refused, places)
    say(f"{len(places) - len(refused)} files: masks, overlays, {FRAMES} and {LESIONS} are in {arguments.output}")
    say(predictor.metadata.intended_use)
    if refused:
        _say_refused(refused, places)


def _as_they_are(places):
    """Of each file its path, the place of its results and what opens it."""
    return [(path, place, partial(open_source, path)) for path, place in places.items()]


def _deidentified(places):
    """The same without the patient: places and names are numbers, for a file's name may hold a person's."""
    from keras_hanet.dicom.deidentified import DeidentifiedSource
    from keras_hanet.dicom.deidentify import Deidentifier

    deidentifier = Deidentifier()

    def opening(path, name):
        return lambda: DeidentifiedSource(open_source(path), name, deidentifier)

    names = (f"{number:05d}" for number in count(1))
    say("without the patient: results are numbered in the order of the files")
    return [(path, Path(name), opening(path, name)) for path, name in zip(places, names, strict=False)]


def _describe_damage(film):
    num_left_out = getattr(film, "num_left_out", 0)
    return f"; {num_left_out} damaged frames were left out" if num_left_out else ""


def _say_refused(refused, places):
    for error in refused:
        say(f"left out: {error}")
    raise InputError(f"{len(refused)} of {len(places)} files could not be outlined; what is left out stands above")


def _describe(model, metadata):
    """Which model predicts, and where its card lies, if it has one."""
    path = shipped_folder(model) or Path(model)
    card = (path if path.is_dir() else path.parent) / CARD
    point = f"threshold {metadata.threshold:g}, smallest lesion {100 * metadata.min_lesion_share:g} % of the image"
    where = f"; scores, limits and data: {card}" if card.is_file() else ""
    return f"Model {model}: {metadata.name}, {metadata.size} x {metadata.size}, {point}{where}"


def _check_output(folder):
    """Refuse a folder whose masks are somebody else's: they would be overwritten."""
    if (folder / "masks").exists() and not (folder / "overlays").exists():
        raise InputError(f"{folder} holds masks that no earlier prediction wrote; give another --output")
