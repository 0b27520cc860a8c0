"""Docstrings as they are written: |x|, `name_` and * are no markup of reStructuredText in them."""

import re

_CODE_OR_MARKUP = re.compile(r"`[^`]*`|[|*]|(?<=\w)_(?=\W|$)")


def escape(app, what, name, obj, options, lines):
    """Put a backslash before what would be markup, outside of `code`."""
    lines[:] = _CODE_OR_MARKUP.sub(_escape, "\n".join(lines)).split("\n")


def _escape(match):
    if not match[0].startswith("`"):
        return f"\\{match[0]}"
    return match[0] + "\\ " * match.string[match.end() :][:1].isalnum()  # `Section`s


def setup(app):
    app.connect("autodoc-process-docstring", escape, priority=400)  # before napoleon's 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
