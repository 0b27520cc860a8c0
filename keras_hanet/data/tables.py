"""CSV tables that come with a data set: any delimiter, headings in any case."""

import csv
import io
from pathlib import Path

from keras_hanet.data.sample import DIAGNOSES, Finding
from keras_hanet.errors import InputError
from keras_hanet.files import read_text

MAX_LINES = 200_000


def read_table(path, required):
    """Read a CSV table.

    Args:
        path: comma-, semicolon- or tab-separated UTF-8 text, its first line the headings.
        required: headings that must be there, in lower case.

    Returns:
        A list of dicts, one a row, from the heading in lower case to the stripped text; a cell that is
        missing is "".

    Raises:
        InputError: if the file is missing, is no text, or lacks a required column.
    """
    headings, rows = _read(path)
    missing = [name for name in required if name not in headings]
    if missing:
        raise InputError(
            f"{path}: expected the columns {', '.join(required)}, got {', '.join(headings) or 'none'}; "
            f"add {', '.join(missing)}"
        )
    return rows


def find_table(folder, required):
    """Find the table of a data set whose name is not fixed.

    Args:
        folder: folder the table lies in.
        required: headings it must have, in lower case.

    Returns:
        Path of the first CSV file, by name, that has them; None if there is none.
    """
    for path in sorted(Path(folder).iterdir()):
        is_table = path.suffix.lower() == ".csv" and path.is_file() and not path.name.startswith(".")
        if is_table and set(required) <= set(_read(path)[0]):
            return path
    return None


def read_diagnosis(text, where):
    """Give one of the three diagnoses from a table's cell.

    Args:
        text: the cell: benign, malignant or normal in any case, or empty.
        where: what error messages call the row.

    Returns:
        "normal", "benign" or "malignant"; None for an empty cell.

    Raises:
        InputError: for any other text.
    """
    diagnosis = text.lower()
    if diagnosis not in ("", *DIAGNOSES):
        raise InputError(f"{where}: expected benign, malignant or normal, got {text!r}; correct the table")
    return diagnosis or None


def require_rows(table, images, rows, faults=None):
    """Refuse images that a table does not know.

    Args:
        table: path of the table, for the message.
        images: dict from the image's id to its path.
        rows: ids that the table has.
        faults: a list that takes a `Finding` for each such image, instead of the error; None for the error.

    Returns:
        The images that have a row, as a dict; without `faults` these are all.

    Raises:
        InputError: naming the first such image and their number.
    """
    unknown = [name for name in images if name not in rows]
    if faults is not None:
        faults += [Finding(images[name], "missing_row", f"no row of {table.name} belongs to it") for name in unknown]
    elif unknown:
        raise InputError(
            f"{table}: expected a row for every image, got none for {unknown[0]} ({len(unknown)} in all); "
            "use the table that came with the images"
        )
    return {name: path for name, path in images.items() if name in rows}


def _read(path):
    """Headings in lower case, and the rows as dicts."""
    try:
        text = read_text(path, "save it anew as CSV, UTF-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such table; check the path") from None
    if text.count("\n") > MAX_LINES:
        raise InputError(f"{path}: expected a table of at most {MAX_LINES:,} lines, got more; give that of the images")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(f"{path}: expected a CSV table, got something else ({error})") from None
    lines = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]
    headings = [heading.lower() for heading in lines[0]] if lines else []
    rows = [line + [""] * (len(headings) - len(line)) for line in lines[1:]]
    return headings, [dict(zip(headings, row, strict=False)) for row in rows]
