"""`hanet push`: an exported model -> the next version in a server's folder, or the last version out of it."""

import json
from dataclasses import fields
from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, print_text, say
from keras_hanet.errors import FailedError, InputError

HELP = "Put an exported model into a server's folder, if it is good enough and no worse than the last."
EXAMPLE = "hanet push exports/cart/saved_model --data BUSI --to saved_models/hanet"
_BAR_HELPS = {
    "min_dice": "lowest mean Dice of lesion images",
    "max_missed_rate": "highest share of lesion images in which nothing is found",
    "max_false_alarm_rate": "highest share of normal images in which something is found",
    "margin": "how much lower the Dice may be than the last version's, as the lower end of a 95%% interval",
}


def add_arguments(parser):
    from keras_hanet.export.bars import Bars

    parser.add_argument(
        "artefact", nargs="?", type=Path, metavar="ARTEFACT", help="folder of one format that hanet export wrote"
    )
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder of the versions")
    parser.add_argument("--data", metavar="DIR", help="folder of a data set; images the model has seen are left out")
    parser.add_argument("--dataset", metavar="NAME", help="layout of the data set (default: recognised)")
    parser.add_argument("--groups", metavar="FILE", help="CSV with groups (default: the data set's own)")
    for field in fields(Bars):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=float, default=field.default, metavar="0..1",
            help=f"{_BAR_HELPS[field.name]} (default: %(default)s)",
        )
    parser.add_argument("--rollback", action="store_true", help="take the newest version out, instead of a push")
    parser.add_argument("--json", action="store_true", help="print the record as JSON on the last line")


def run(arguments):
    return _roll_back(arguments) if arguments.rollback else _push(arguments)


def _push(arguments):
    from keras_hanet.data.layouts import read_samples
    from keras_hanet.export.bars import Bars

    if arguments.artefact is None or arguments.data is None:
        raise InputError("expected ARTEFACT and --data, or --rollback; give an exported folder and a data set")
    if arguments.to.is_file():
        raise InputError(f"--to: expected the folder of the versions, got the file {arguments.to}; give another path")
    bars = Bars(**{field.name: getattr(arguments, field.name) for field in fields(Bars)})
    with keras_loading():
        from keras_hanet.export.push import format_push, push
    samples = read_samples(arguments.data, arguments.dataset, arguments.groups)[1]
    event = push(
        arguments.artefact,
        samples,
        arguments.to,
        bars,
        arguments.command_line,
        load=_load,
        say=say,
        progress=bar("images", unit="batch"),
    )
    print_text(f"\n{format_push(event)}", event, arguments.json)
    if event["reasons"]:
        raise FailedError(f"not pushed: {'; '.join(event['reasons'])}")
    say(f"Version {event['version']} is in {arguments.to}; back: hanet push --rollback --to {arguments.to}")


def _roll_back(arguments):
    from keras_hanet.export.versions import roll_back

    if arguments.artefact or arguments.data:
        raise InputError("expected --rollback and --to alone, got ARTEFACT or --data besides; leave them out")
    event = roll_back(arguments.to, arguments.command_line, say)
    say(f"Version {event['version']} is out of {arguments.to}; the newest is {event['serves']} now")
    if arguments.json:
        print(json.dumps(event, allow_nan=False))


def _load(path):
    from keras_hanet.inference import Predictor

    with keras_loading():
        return Predictor(path)
