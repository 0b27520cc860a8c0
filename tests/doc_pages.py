"""The pages of the documentation as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def python_blocks(page):
    """The Python programs of a page in docs/, in order."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def commands(page):
    """The lines of a page in docs/ that start with "hanet ", without it and without comments."""
    lines = re.findall(r"^hanet (.+)$", (DOCS / page).read_text(), re.MULTILINE)
    return [line.partition("#")[0].strip() for line in lines]


def run_blocks(blocks, names=None):
    """Run programs one after another; each knows the names of those before it.

    Returns:
        their names, {name: value}.
    """
    names = {} if names is None else names
    for block in blocks:
        exec(compile(block, "a page's program", "exec"), names)
    return names
