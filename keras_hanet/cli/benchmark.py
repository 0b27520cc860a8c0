"""`hanet benchmark`: artefacts -> time, memory and size, each measured in a process of its own."""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from keras_hanet.cli.console import bar, print_text, say
from keras_hanet.data.preprocessing import decode_image
from keras_hanet.errors import InputError

HELP = "Time exported models on this machine: the network alone, and from a PNG to its mask."
EXAMPLE = "hanet benchmark exports/cart/* --threads 1 2 --output benchmark"
HEIGHT, WIDTH = 500, 600
REPEATS = 50


def add_arguments(parser):
    parser.add_argument(
        "artefacts", nargs="*", type=Path, metavar="ARTEFACT", help="exported folder or model file, or a run folder",
    )
    parser.add_argument(
        "--peer", action="append", type=Path, default=[], metavar="FILE",
        help="ONNX file of another network, timed alone in the same rounds; may be given more than once",
    )
    parser.add_argument(
        "--threads", nargs="+", type=_positive, metavar="N", help="numbers of threads (default: 1, and all processors)",
    )
    parser.add_argument("--image", type=Path, metavar="FILE", help="image to predict (default: a drawn phantom)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--repeats", type=_positive, metavar="N", help=f"timed runs a row and round (default: {REPEATS})",
    )
    length.add_argument("--seconds", type=_positive_seconds, metavar="S", help="time runs for this long instead")
    parser.add_argument(
        "--rounds", type=_positive, default=3, metavar="N", help="how often all are measured (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("benchmark"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print benchmark.json as the last line")


def run(arguments):
    from keras_hanet.benchmark.machine import busy_warning, describe_machine
    from keras_hanet.benchmark.report import format_report, make_report, write_report
    from keras_hanet.benchmark.runner import find_artefacts, measure

    machine = describe_machine()
    threads = choose_threads(arguments.threads, machine["cores"])
    artefacts = find_artefacts(arguments.artefacts, arguments.peer)
    settings = {
        "rounds": arguments.rounds,
        "repeats": None if arguments.seconds else arguments.repeats or REPEATS,
        "seconds": arguments.seconds,
    }
    warnings = [sentence for sentence in [busy_warning(machine)] if sentence]
    for sentence in warnings:
        say(f"Warning: {sentence}.")
    if arguments.output.is_file():
        raise InputError(f"--output: expected a folder, got the file {arguments.output}; give another path")
    with tempfile.TemporaryDirectory() as folder:
        image = arguments.image or draw_default_image(Path(folder) / "phantom.png")
        height, width, _ = decode_image(image).shape
        rows, peaks = measure(
            artefacts, threads, image, **settings, progress=bar("processes", unit="process"),
        )
    what = str(arguments.image) if arguments.image else "a phantom, grey PNG"
    described = {"what": what, "height_px": height, "width_px": width}
    report = make_report(arguments.command_line, machine, described, settings, rows, peaks, warnings)
    write_report(arguments.output, report)
    print_text(format_report(report), report, arguments.json)
    say(f"benchmark.json, .csv, .md and .svg are in {arguments.output}")


def choose_threads(asked, cores):
    """Numbers of threads, each once and in ascending order.

    Args:
        asked: list of int; None for 1 and `cores`.
        cores: processors that this process may use.

    Raises:
        InputError: if more threads are asked for than there are processors.
    """
    threads = sorted(set(asked or (1, cores)))
    if threads[-1] > cores:
        raise InputError(f"--threads: expected at most {cores}, the processors of this machine, got {threads[-1]}")
    return threads


def draw_default_image(path):
    """Write a phantom of HEIGHT x WIDTH pixels as a grey PNG, the same each time; its path."""
    from keras_hanet.data.phantom_drawing import draw_phantom
    from keras_hanet.drawing import write_picture

    image, _ = draw_phantom("malignant", np.random.default_rng(0), HEIGHT, WIDTH)
    write_picture(path, image)
    return path


def _positive(word):
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {word}")
    return number


def _positive_seconds(word):
    seconds = float(word)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {word}")
    return seconds
