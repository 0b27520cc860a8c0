import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keras_hanet.cli import split
from keras_hanet.cli.main import COMMANDS
from keras_hanet.errors import FailedError, InputError
from keras_hanet.version import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture
def failing_split(monkeypatch, hanet):
    """`hanet split` that raises what it is given."""

    def run(error):
        def fail(arguments):
            raise error

        monkeypatch.setattr(split, "run", fail)
        return hanet("split", "--data", "scans")

    return run


# === Words ===


def test_version(hanet):
    done = hanet("--version")
    assert (done.code, done.out, done.err) == (0, f"keras-hanet {__version__}\n", "")


def test_help_names_every_command_and_the_limits_of_use(hanet):
    done = hanet("--help")
    assert done.code == 0
    assert "Research use only, not a medical device." in " ".join(done.out.split())
    for command in COMMANDS:
        assert re.search(rf"^    {command}\s", done.out, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_ends_with_an_example_that_it_understands(hanet, command):
    done = hanet(command, "--help")
    assert done.code == 0
    example = done.out.splitlines()[-1].strip()
    assert example.startswith(f"hanet {command} ")
    assert "unrecognized" not in hanet(*example.split()[1:], "--no-such-flag-a", "--help").err
    assert "Research use only" in done.out


def test_no_command_is_refused(refused):
    refused(says=["COMMAND", "'hanet --help' shows what there is"])


def test_unknown_command_is_refused(refused):
    refused("trian", says=["'trian'", *COMMANDS, "'hanet --help'"])


@pytest.mark.parametrize("command", ["train", "split --data x", "predict x --model y", "evaluate --model y --data x"])
def test_unknown_flag_is_refused(refused, command):
    refused(*command.split(), "--epoch-number", "3", says=["unrecognized arguments: --epoch-number 3", "--help"])


def test_a_flag_without_its_value_is_refused(refused):
    refused("split", "--data", says=["--data", "expected one argument", "'hanet split --help'"])


def test_a_command_knows_the_line_it_was_called_with(monkeypatch, hanet):
    seen = []
    monkeypatch.setattr(split, "run", lambda arguments: seen.append(arguments.command_line))
    assert hanet("split", "--data", "my scans").code == 0
    assert seen == ["hanet split --data 'my scans'"]


# === Errors ===


@pytest.mark.parametrize(("error", "code"), [(InputError("a; b"), 2), (FailedError("a; b"), 1)])
def test_a_known_error_is_one_line(failing_split, error, code):
    done = failing_split(error)
    assert (done.code, done.out, done.err) == (code, "", "hanet: a; b\n")


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.ENOSPC, "no space is left on the disk; free some and run the command again"),
        (errno.EDQUOT, "no space is left on the disk; free some and run the command again"),
        (errno.EACCES, "scans/a.json: no permission to read or write it; give another path"),
        (errno.EPERM, "scans/a.json: no permission to read or write it; give another path"),
        (errno.EROFS, "scans/a.json: no permission to read or write it; give another path"),
        (errno.ENOTDIR, "scans/a.json: a file is where a folder belongs"),
    ],
)
def test_what_a_person_can_mend_about_files_is_one_line(failing_split, number, mend):
    done = failing_split(OSError(number, os.strerror(number), "scans/a.json"))
    assert done.code == 2
    assert done.err.startswith(f"hanet: {mend}")
    assert done.err.count("\n") == 1


def test_a_refused_renaming_names_the_file_and_not_its_temporary_name(failing_split):
    done = failing_split(PermissionError(errno.EACCES, "Permission denied", ".1.part-a.json", None, "a.json"))
    assert done.err.startswith("hanet: a.json: no permission")


@pytest.mark.parametrize("name", ["keras", "sklearn"])
def test_a_missing_extra_names_the_install_that_brings_it(failing_split, name):
    done = failing_split(ModuleNotFoundError(f"No module named '{name}'", name=name))
    assert (done.code, done.err) == (2, f"hanet: this needs {name}: pip install 'keras-hanet[train]'\n")


def test_interrupt_is_exit_code_130(failing_split):
    done = failing_split(KeyboardInterrupt())
    assert (done.code, done.err) == (130, "hanet: interrupted; what was written is whole\n")


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("ours"),
        ValueError("ours"),
        OSError(errno.EIO, "ours"),
        ModuleNotFoundError("ours", name="keras_hanet.nothing"),
    ],
)
def test_an_unexpected_error_is_not_swallowed(failing_split, error):
    with pytest.raises(type(error), match="ours"):
        failing_split(error)


# === Processes ===


def test_python_m_keras_hanet_is_hanet():
    done = subprocess.run([sys.executable, "-m", "keras_hanet", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"keras-hanet {__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_script(command):
    script = ROOT / "scripts" / f"{command.replace('-', '_')}.py"
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: hanet {command} ")


def test_a_script_ends_with_the_exit_code_of_the_command(tmp_path):
    command = [sys.executable, ROOT / "scripts" / "split.py", "--data", tmp_path / "nothing"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(f"hanet: {tmp_path / 'nothing'}: expected the folder of a data set, found nothing")
    assert done.stderr.count("\n") == 1
