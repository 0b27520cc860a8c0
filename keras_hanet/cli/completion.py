"""`hanet completion`: a script with which a shell completes commands, flags, choices and file names on Tab."""

from pathlib import Path

from keras_hanet.models.weights import installed_models

HELP = "Print the script that lets a shell complete commands, flags and files on Tab."
EXAMPLE = "hanet completion bash > ~/.local/share/bash-completion/completions/hanet"
SHELLS = ("bash", "zsh")
# Flags of the training configuration are text to the parser; these hold paths.
_FOLDERS = ("data", "extra_data")
_FILES = ("config", "groups", "initial_weights", "split")


def add_arguments(parser):
    parser.add_argument("shell", choices=SHELLS, help="whose script; the next shell that is opened completes")


def run(arguments):
    print(format_script(arguments.shell))


def format_script(shell):
    """The script that completes `hanet`; it knows this version's commands and flags, print it again after an update.

    Args:
        shell: one of `SHELLS`.

    Returns:
        str.
    """
    # Every command imports this module for its help, and shtab takes a while.
    import shtab

    from keras_hanet.cli.inputs import path_of
    from keras_hanet.cli.main import build_parser

    models = {
        **shtab.FILE,
        "bash": "_hanet_models_and_files",
        "preamble": {"bash": f"""_hanet_models_and_files() {{
  compgen -W "{" ".join(installed_models())}" -- $1
  compgen -f -- $1
}}"""},
    }
    parser, commands = build_parser()
    for command in commands.values():
        for action in command._actions:
            if action.metavar == "MODEL":
                action.complete = models
            elif action.metavar == "DIR" or action.dest in _FOLDERS:
                action.complete = shtab.DIRECTORY
            elif action.type in (Path, path_of) or action.dest in _FILES:
                action.complete = shtab.FILE
    return shtab.complete(parser, shell)
