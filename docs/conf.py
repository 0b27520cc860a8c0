"""The documentation site: README and docs/ as they lie, with the docstrings beside them. `make docs` builds it.

The source is the whole repository, so that every link between pages is the same on the code host and here.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_extensions"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_hanet.cli.installs import _INSTALLS  # noqa: E402  after the path
from keras_hanet.version import INTENDED_USE, __version__  # noqa: E402

project = "keras-hanet"
author = copyright = "The keras-hanet authors"
version = release = __version__

extensions = [
    *("myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"),
    *("contents", "docstrings", "mathml", "modules", "repository_links"),
]
root_doc = "README"
include_patterns = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**.md"),
    *("benchmarks/**.md", "examples/**.md", "notebooks/**.md", "saved_models/**.md", "keras_hanet/assets/**/*.md"),
]
exclude_patterns = [
    path.name for path in ROOT.iterdir() if path.name not in {pattern.partition("/")[0] for pattern in include_patterns}
]
suppress_warnings = ["toc.not_included"]  # tables of single experiments are reached by links, not by the contents

# === Text ===

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False  # a quoted value is there to be copied
nitpick_ignore_regex = [("py:.*", ".*")]  # a docstring's types are words for people: "(H, W) uint8 {0, 1}"
default_role = "code"  # a docstring's `name`
autodoc_member_order = "bysource"
autodoc_mock_imports = [name for name in _INSTALLS if find_spec(name) is None]
autodoc_typehints = "none"
napoleon_use_ivar = True  # a NamedTuple's fields are objects already
napoleon_custom_sections = ["Returns"]  # "(H, W) uint8: ..." is a sentence, not a type and its description

# === Pages ===

html_theme = "furo"
html_title = "keras-hanet"
html_theme_options = {"announcement": INTENDED_USE}
html_copy_source = False
html_show_sphinx = False
html_additional_pages = {"index": "front.html"}
templates_path = ["_templates"]
