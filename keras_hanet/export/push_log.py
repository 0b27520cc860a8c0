"""`push_log.jsonl`: what happened to a folder of versions, one line an event, only ever appended."""

import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

LOG_NAME = "push_log.jsonl"
PUSHED, REFUSED, ROLLED_BACK = "pushed", "refused", "rolled back"


def make_event(event, version, command, **fields):
    """An event of now, by whoever runs this process.

    Args:
        event: PUSHED, REFUSED or ROLLED_BACK.
        version: its number; None for what was refused.
        command: the command that was given.
        fields: what else is known, JSON-ready.

    Returns:
        {"event", "time": UTC as ISO 8601, "user", "version", "command", and the fields}.
    """
    return {"event": event, "time": now(), "user": _user(), "version": version, "command": command, **fields}


def now():
    """UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append_event(folder, event):
    """Append one line and wait until the disk has it; the caller holds the folder's lock.

    A line that an earlier process left half-written stays as it is, damaged; it does not damage this one.
    """
    path = Path(folder) / LOG_NAME
    line = json.dumps(event, allow_nan=False).encode() + b"\n"
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if not size:
        sync(folder)


def read_events(folder):
    """Read the log.

    Returns:
        list of dicts, one an event, oldest first; list of the numbers (from 1) of the lines that are damaged.
    """
    path = Path(folder) / LOG_NAME
    events, damaged = [], []
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            event = json.loads(line)
            events.append({"event": event["event"], "version": event["version"], **event})
        except (ValueError, KeyError, TypeError):
            damaged.append(number)
    return events, damaged


def sync(path):
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user():
    """The account's name; its number where it has none, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
