"""API pages: a block ```{modules} of names and patterns becomes a heading and the docstrings of each module."""

import re
from fnmatch import fnmatch
from pathlib import Path

_BLOCK = re.compile(r"^```\{modules\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENTRY = "## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n"


def find_modules(root):
    """The names of the package's modules, sorted; without packages' own files and the commands, which --help tells."""
    paths = [path.relative_to(root).with_suffix("") for path in (root / "keras_hanet").rglob("*.py")]
    names = sorted(".".join(path.parts) for path in paths if not path.name.startswith("__"))
    return [name for name in names if not name.startswith("keras_hanet.cli.")]


def read_patterns(text):
    """The patterns of a page's block, in order."""
    return [line for block in _BLOCK.findall(text) for line in block.split()]


def expand(app, docname, source):
    """Write the block out: the modules of the first pattern first."""
    modules = find_modules(Path(app.srcdir))

    def write(match):
        chosen = [name for pattern in match[1].split() for name in modules if fnmatch(name, pattern)]
        return "\n".join(_ENTRY.format(name=name) for name in chosen)

    source[0] = _BLOCK.sub(write, source[0])


def setup(app):
    app.connect("source-read", expand)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
