"""The script is read by a real bash, which is asked what it would offer on Tab."""

import shlex
import shutil
import subprocess

import pytest

from keras_hanet.cli.completion import format_script
from keras_hanet.cli.main import COMMANDS, build_parser

TAB = """
tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_hanet 2>/dev/null; printf '%s\\n' "${COMPREPLY[@]}"; }
"""


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """What bash offers after the words of a line, the last of them not yet ended."""
    folder = tmp_path_factory.mktemp("completion")
    script = folder / "hanet.bash"
    script.write_text(format_script("bash"))
    (folder / "scans" / "sub dir").mkdir(parents=True)
    (folder / "scans" / "frame.png").touch()

    def tab(*words):
        line = shlex.join(["tab", "hanet", *words])
        done = subprocess.run(
            ["bash", "--norc", "-c", f"source {shlex.quote(str(script))}\n{TAB}\n{line}"],
            capture_output=True, text=True, cwd=folder / "scans", check=True,
        )
        assert done.stderr == ""
        return set(done.stdout.splitlines()) - {""}

    return tab


def test_every_command_is_offered(offered):
    assert offered("") == set(COMMANDS)
    assert offered("cross") == {"crossval"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_of_a_command_is_offered(offered, command):
    actions = build_parser()[1][command]._actions
    flags = {flag for action in actions for flag in action.option_strings if flag.startswith("--")}
    assert offered(command, "--") == flags
    assert len(flags) > 1 or command == "completion"


def test_choices_are_offered(offered):
    assert offered("train", "--preset", "") == {"paper", "standard", "cart", "quick"}
    assert offered("export", "run", "--formats", "onnx", "tflite_f") == {"tflite_float32", "tflite_float16"}


def test_files_and_folders_are_offered_where_they_belong(offered):
    assert offered("predict", "") == {"frame.png", "sub dir"}
    assert offered("train", "--groups", "f") == {"frame.png"}
    for folder in (["train", "--data", ""], ["predict", "a.png", "--output", ""], ["evaluate", "--data", ""]):
        assert offered(*folder) == {"sub dir"}


def test_a_model_is_a_name_or_a_path(offered):
    assert offered("predict", "frame.png", "--model", "ca") == {"cart"}
    assert offered("predict", "frame.png", "--model", "fr") == {"frame.png"}


def test_the_command_registers_what_it_prints_for_hanet(hanet, tmp_path):
    done = hanet("completion", "bash")
    (tmp_path / "hanet").write_text(done.out)
    asked = subprocess.run(
        ["bash", "--norc", "-c", "source hanet; complete -p hanet"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.code, asked.stdout) == (0, "complete -o bashdefault -F _shtab_hanet hanet\n")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_understands_its_script(hanet, tmp_path):
    (tmp_path / "_hanet").write_text(hanet("completion", "zsh").out)
    assert (tmp_path / "_hanet").read_text().startswith("#compdef hanet\n"), "zsh finds it in a folder of $fpath"
    line = 'autoload -U compinit; compinit -uD; eval "$(cat _hanet)"; print -r -- ${_comps[hanet]}'
    done = subprocess.run(["zsh", "-f", "-c", line], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "_shtab_hanet\n", "")


def test_another_shell_is_refused(refused):
    refused("completion", "cmd", says=["'cmd'", "bash", "zsh"])
