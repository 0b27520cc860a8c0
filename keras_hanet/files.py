"""Files that are either whole or not there: written under a temporary name, then renamed."""

import csv
import json
import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Give a temporary path beside `path`; rename it over `path` if the block ends without an error.

    Args:
        path: file to be written. The temporary name keeps its suffix, for writers that look at it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.part-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path, value):
    """Write `value` as indented JSON, keys in their order, not-a-number refused."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_table(path, columns, rows):
    """Write dicts as CSV in UTF-8 with line feeds, one row each; a key that is no column raises ValueError."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
