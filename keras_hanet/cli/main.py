"""`hanet COMMAND ...`: find the command, run it, turn its errors into a sentence and an exit code."""

import argparse
import errno
import importlib
import os
import shlex
import sys

from keras_hanet.cli.installs import describe_missing
from keras_hanet.errors import FailedError, InputError
from keras_hanet.version import INTENDED_USE, __version__

# A command is a module of this package (with _ for -) with HELP, EXAMPLE, add_arguments(parser) and run(arguments).
COMMANDS = (
    *("train", "evaluate", "predict", "split", "phantoms", "doctor", "crossval", "ablate", "protocols", "transfer"),
    *("robustness", "reliability", "audit", "explain", "export", "benchmark", "push", "serve-client", "models"),
    *("reproduce", "search", "batch", "app", "completion"),
)

_NOT_THERE = "{path}: no such file or folder, and it cannot be made; give another path"
_NO_SPACE = "no space is left on the disk; free some and run the command again"
_NO_PERMISSION = "{path}: no permission to read or write it; give another path"
_WRONG_KIND = "{path}: a file is where a folder belongs, or a folder where a file belongs; give another path"
# What a person can mend about files; every other OSError is a fault of the program.
_OS_ERRORS = {
    errno.ENOENT: _NOT_THERE,
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: _NO_PERMISSION,
    errno.EEXIST: _WRONG_KIND,
    errno.EISDIR: _WRONG_KIND,
    errno.ENOTDIR: _WRONG_KIND,
}

class _Parser(argparse.ArgumentParser):
    """A parser that answers a mistake with one line instead of all flags."""

    def error(self, message):
        self.exit(2, f"hanet: {message}; '{self.prog} --help' shows what there is\n")


def main(argv=None):
    """Run a command.

    Args:
        argv: list of str; the process's own arguments if None.

    Returns:
        the exit code: 0 fine, 1 the work failed, 2 bad input.
    """
    argv = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    chosen = next((word for word in argv if not word.startswith("-")), None)
    parser, subparsers = build_parser({chosen})
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        subparsers[arguments.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    arguments.command_line = shlex.join(["hanet", *argv])
    return _run(_module_of(arguments.command), arguments)


def build_parser(filled=COMMANDS):
    """The parser of every command.

    Args:
        filled: the commands whose arguments it knows; each takes time, and a call needs those of one.

    Returns:
        parser, {command: its parser}.
    """
    parser = _Parser(
        prog="hanet",
        description=f"HA-Net: breast tumour segmentation in ultrasound images. {INTENDED_USE}",
    )
    parser.add_argument("--version", action="version", version=f"keras-hanet {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = _module_of(name)
        subparser = subparsers.add_parser(
            name,
            help=module.HELP,
            description=f"{module.HELP} {INTENDED_USE}",
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in filled:
            module.add_arguments(subparser)
    return parser, subparsers.choices


def _module_of(command):
    return importlib.import_module(f"keras_hanet.cli.{command.replace('-', '_')}")


def _run(module, arguments):
    try:
        return module.run(arguments) or 0
    except InputError as error:
        return _report(error, 2)
    except FailedError as error:
        return _report(error, 1)
    except ModuleNotFoundError as error:
        sentence = describe_missing(error)
        if sentence is None:
            raise
        return _report(sentence, 2)
    except OSError as error:
        if error.errno not in _OS_ERRORS:
            raise
        return _report(_OS_ERRORS[error.errno].format(path=error.filename2 or error.filename), 2)
    except KeyboardInterrupt:
        return _report("interrupted; what was written is whole", 130)


def _report(message, code):
    print(f"hanet: {message}", file=sys.stderr)
    return code
