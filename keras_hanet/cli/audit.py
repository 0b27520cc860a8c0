"""`hanet audit`: is a published set of scores possible, and under which averaging?"""

from keras_hanet.cli.console import print_text
from keras_hanet.errors import InputError
from keras_hanet.evaluation.audit import audit, format_audit
from keras_hanet.evaluation.plausibility import Claim, read_score
from keras_hanet.version import INTENDED_USE

HELP = "Check published scores against arithmetic: under which averaging are they possible, and what do they ask for?"
EXAMPLE = "hanet audit --dice 0.9728 --iou 0.9475 --accuracy 0.9974 --n 647"


def add_arguments(parser):
    parser.add_argument("--dice", required=True, metavar="D", help="mean Dice as printed: 0.9728 or 97.28")
    parser.add_argument("--iou", required=True, metavar="J", help="mean IoU (Jaccard) as printed")
    parser.add_argument("--accuracy", metavar="A", help="pixel accuracy as printed")
    parser.add_argument("--precision", metavar="P", help="precision as printed; needs --sensitivity")
    parser.add_argument("--sensitivity", metavar="S", help="sensitivity (recall) as printed; needs --precision")
    parser.add_argument("--n", type=int, dest="num", metavar="N", help="number of images scored")
    parser.add_argument(
        "--lesion-share", metavar="L", help="lesion pixels as a share of the scored images' (default: BUSI's)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON on the last line")


def run(arguments):
    if arguments.num is not None and arguments.num < 1:
        raise InputError(f"expected at least one image, got --n {arguments.num}; give the number of images scored")
    if (arguments.precision is None) != (arguments.sensitivity is None):
        raise InputError("expected --precision and --sensitivity together, got one of them; give both or neither")
    texts = {"dice": arguments.dice, "jaccard": arguments.iou, "accuracy": arguments.accuracy}
    texts |= {name: getattr(arguments, name) for name in ("precision", "sensitivity", "lesion_share")}
    ranges = {name: read_score(text) for name, text in texts.items() if text is not None}
    result = audit(Claim(**ranges, num=arguments.num))
    text = f"{format_audit(result)}\n\n{INTENDED_USE}"
    print_text(text, result, arguments.json)
