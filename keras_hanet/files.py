"""Files that are either whole or not there, written under a temporary name, then renamed; text that is read warily."""

import csv
import json
import math
import os
import stat
from contextlib import contextmanager
from pathlib import Path

from keras_hanet.errors import InputError

# Read, this becomes at most 600 MB of Python objects; a split of 100,000 images has 10 MB.
MAX_TEXT_BYTES = 16 * 2**20
MAX_DEPTH = 50


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


def read_bytes(path, mend, max_bytes):
    """Read a file that a stranger may have written.

    Args:
        path: of a file; a folder, a pipe or a device is refused.
        mend: how to mend a file that cannot be read, the end of the sentence.
        max_bytes: the largest size that is read.

    Raises:
        FileNotFoundError: if there is none; what is missing then is for the caller to say.
        InputError: if it is no file, must not be read or is larger.
    """
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is a folder or a device")
        if found.st_size > max_bytes:
            raise OSError(f"it has {found.st_size:,} bytes, {max_bytes:,} is the most")
        return Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it; change its rights or copy it") from None
    except (OSError, ValueError) as error:  # also of a name that is too long or holds a zero byte
        reason = getattr(error, "strerror", None) or error  # without the path again
        raise InputError(f"{path}: expected a file that can be read ({reason}); {mend}") from None


def read_text(path, mend):
    """Read a text file.

    Args:
        path: file in UTF-8, with or without a byte order mark.
        mend: how to mend a file that cannot be read, the end of the sentence.

    Raises:
        FileNotFoundError: if there is none; what is missing then is for the caller to say.
        InputError: as `read_bytes`, or if it is no UTF-8.
    """
    content = read_bytes(path, mend, MAX_TEXT_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected text in UTF-8, the file is damaged; {mend}") from None


def read_json(path, mend):
    """Read a JSON file: `parse_json` of `read_text`."""
    return parse_json(read_text(path, mend), path, mend)


def parse_json(text, where, mend):
    """What a JSON text says.

    Args:
        text: str.
        where: what error messages call its place.
        mend: how to mend a text that is no JSON, the end of the sentence.

    Returns:
        dict, list, str, int, float, bool or None; at most `MAX_DEPTH` deep, every number finite, every str Unicode.

    Raises:
        InputError: if it is no such JSON, or an object has a key twice.
    """
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
        _check_values(value)
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = str(error)
    else:
        return value
    raise InputError(f"{where}: expected JSON, the file is damaged ({reason}); {mend}")


def _without_repeats(pairs):
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is there twice")
    return values


def _check_values(value):
    """Python reads NaN, Infinity, 1e999 and halves of characters, which nothing here can use."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        deeper = []
        for item in level:
            if isinstance(item, dict):
                deeper += [*item, *item.values()]
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("a number is not finite")
            elif isinstance(item, str):
                item.encode()
        level = deeper
