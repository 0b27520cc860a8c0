"""Links to folders, which a code host lists and a site does not: their text stays, with the folder's name."""

import re
from pathlib import Path

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:|#)([^)#\s]+)\)")


def name_folders(app, docname, source):
    """Write [text](folder) as text (`folder`); links to files and pages stay."""
    root = Path(app.srcdir)
    here = (root / docname).parent

    def name(match):
        target = (here / match[2]).resolve()
        return f"{match[1]} (`{target.relative_to(root)}`)" if target.is_dir() else match[0]

    source[0] = _LINK.sub(name, source[0])


def setup(app):
    app.connect("source-read", name_folders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
