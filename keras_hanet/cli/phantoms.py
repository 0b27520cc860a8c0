"""`hanet phantoms`: B-mode-like phantoms with exact masks, in the BUSI layout."""

from pathlib import Path

from keras_hanet.cli.console import bar, say
from keras_hanet.data.phantoms import write_phantoms

HELP = "Draw ultrasound phantoms with exact masks, to try everything without patient data."
EXAMPLE = "hanet phantoms phantoms --num 150"


def add_arguments(parser):
    parser.add_argument("output", type=Path, metavar="DIR", help="folder to be made")
    parser.add_argument("--num", type=int, default=150, metavar="N", help="images (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the drawing (default: %(default)s)")


def run(arguments):
    folder = write_phantoms(arguments.output, num=arguments.num, seed=arguments.seed, progress=bar("phantoms"))
    say(f"{arguments.num} phantoms are in {folder}")
