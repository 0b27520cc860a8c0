"""`hanet export`: a run -> SavedModel, TFLite, ONNX and OpenVINO, each held against the Keras model."""

import json
from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, say

HELP = "Write a trained model in other formats; one that answers otherwise is rejected."
EXAMPLE = "hanet export runs/cart --output exports/cart --formats saved_model tflite_int8"


def add_arguments(parser):
    from keras_hanet.export.formats import FORMATS, missing_module

    installed = [name for name in FORMATS if missing_module(name) is None]

    parser.add_argument("run", type=Path, metavar="RUN", help="run folder of a finished training")
    parser.add_argument(
        "--output", type=Path, default=Path("exports"), metavar="DIR",
        help="folder of the results, one folder a format (default: %(default)s)",
    )
    parser.add_argument(
        "--formats", nargs="+", choices=FORMATS, default=installed, metavar="FORMAT",
        help=f"which of {', '.join(FORMATS)} (default: those whose libraries are installed)",
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the run's data set, if it has moved")
    parser.add_argument(
        "--part", choices=("validation", "test"), default="validation",
        help="whose images each file is held against (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print what the gate measured as JSON on the last line")


def run(arguments):
    with keras_loading():
        from keras_hanet.export.exporter import export_run
    gate = export_run(
        arguments.run,
        arguments.output,
        arguments.formats,
        arguments.command_line,
        data=arguments.data,
        part=arguments.part,
        say=say,
        progress=bar("images", unit="batch"),
        silence=keras_loading,
    )
    say(f"Exported to {arguments.output}; next: hanet benchmark {arguments.output}/*")
    if arguments.json:
        print(json.dumps(gate, allow_nan=False))
