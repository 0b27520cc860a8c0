"""What the commands share in talking to a person: lines and bars go to standard error."""

import json
import os
import sys
from contextlib import contextmanager

from tqdm import tqdm


def say(line):
    """Print a line for the person; standard output is left to results."""
    print(line, file=sys.stderr, flush=True)


def bar(description, unit="image"):
    """A function that wraps a sequence in a progress bar with the time left."""
    return lambda items: tqdm(items, description, unit=unit, file=sys.stderr, mininterval=0.5)


@contextmanager
def keras_loading():
    """Hide what TensorFlow's native code prints about the machine while Keras is imported.

    A Python error inside the block is not hidden.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def print_result(tables, result, as_json):
    """Print an experiment's result: its tables for a person; with `as_json` one line of JSON besides.

    Args:
        tables: list of str, Markdown.
        result: what --json prints, JSON-ready.
        as_json: whether standard output is for a program, and the tables go to standard error.
    """
    print_text("\n" + "\n\n".join(tables), result, as_json)


def print_text(text, value, as_json):
    """Print a text for a person; with `as_json` to standard error, and a value as one line of JSON."""
    if as_json:
        say(text)
        print(json.dumps(value, allow_nan=False))
    else:
        print(text)


def print_summary(summary, as_json):
    """Print a summary: as one line of JSON, or as a table for a person."""
    from keras_hanet.evaluation.summary import format_summary

    footer = f"{summary['split']}; threshold {summary['threshold']}. {summary['intended_use']}"
    print_text(f"\n{format_summary(summary)}\n\n{footer}", summary, as_json)
