"""What the benchmarks share: run one row in a process of its own, make a Markdown table, write it."""

import json
import os
import subprocess
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def run_row(python, script, *arguments):
    """Run a script of this folder in a process of its own, so that its peak memory is its own.

    Args:
        python: path of the interpreter.
        script: name of a file beside this one whose last line of output is a JSON object.
        arguments: command line of the script.

    Returns:
        dict, that object.
    """
    command = [python, str(Path(__file__).parent / script), *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(output.splitlines()[-1])


def peak_memory_gib():
    """The most memory this process has held at once (VmHWM, Linux), in GiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return kib / 2**20


def markdown_table(header, rows):
    """A Markdown table from a header and rows of strings."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page_with(page, start, end, tables):
    """The text of a page, a path, with `tables` between the lines `start` and `end`."""
    before, rest = page.read_text().split(start)
    return before + start + "\n" + tables + "\n" + end + rest.split(end)[1]


def report(name, text, write):
    """Print a result; with `write` keep it as results/NAME.md too."""
    print(text)
    if write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text + "\n")
