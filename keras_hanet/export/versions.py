"""A folder of numbered versions that a server watches: one comes, or goes, in a single renaming.

TensorFlow Serving reads the names in the folder every few seconds, takes those that are numbers for versions and
loads the largest; any other name it leaves alone. So a version is copied under a name that is no number, written
through to the disk, and renamed: at every moment the server finds the earlier versions whole, or these and the new
one whole. What a killed process leaves is a copy without a number, or a version without its line in the log; the next
one that takes the lock removes the former and writes the latter, from the record that the version carries.

A rollback renames the newest version to `rolled-back-N`, and does not copy an earlier one to a new number: it needs
no space and no time, the bad model leaves the numbers at once (a copy would leave it there for a client that asks for
it by number, or for a server that serves all), and a number goes on meaning one model. A server that holds the version
goes on with it, in memory, until it has loaded the one before. Numbers only grow: that of a rolled-back version is not
given again.
"""

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

from keras_hanet.checksums import hash_file
from keras_hanet.errors import FailedError, InputError
from keras_hanet.export.push_log import (
    LOG_NAME,
    PUSHED,
    ROLLED_BACK,
    append_event,
    make_event,
    now,
    read_events,
    sync,
)
from keras_hanet.files import read_json, write_json

LOCK_NAME = ".lock"
RECORD_NAME, ROLLBACK_NAME, CASES_NAME = "push.json", "rollback.json", "cases.csv"
# What a version has besides its artefact.
_OWN_FILES = (RECORD_NAME, ROLLBACK_NAME, CASES_NAME)
_INCOMING, _ROLLED_BACK = ".incoming-", "rolled-back-"


@contextmanager
def locked(folder, say=print):
    """Hold a folder of versions alone, and first mend what a killed process left; waits while another holds it.

    The lock is the system's (`flock`): it ends with its process, however that ends.

    Args:
        folder: path of an existing folder.
        say: takes lines of text for the user, on what was mended.
    """
    with (Path(folder) / LOCK_NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _mend(Path(folder), say)
        yield


def numbered(folder):
    """The versions a server may take: {number: path}, smallest first; empty if there is no such folder."""
    return _find(folder, "")


def hash_files(folder):
    """SHA-256 of every file of an artefact, in hexadecimal.

    Args:
        folder: of the artefact, or of a version made of it: records and scores of a push are left out.

    Returns:
        {path within the folder: digest}, sorted.

    Raises:
        InputError: if there is a link in it: it could point to another file tomorrow.
    """
    digests = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_symlink():
            raise InputError(f"{path}: expected a file, got a link; put the file itself in its place")
        if path.is_file() and path.name not in _OWN_FILES:
            digests[path.relative_to(folder).as_posix()] = hash_file(path)
    return digests


def install(artefact, folder, event, cases):
    """Make an artefact the newest version; to be called within `locked`.

    Args:
        artefact: path of its folder.
        folder: path of the folder of versions.
        event: what `make_event` gave, with "files" as `hash_files`; its "version" is set here.
        cases: path of the table of scores, kept with the version as `cases.csv`.

    Returns:
        the event, as `push.json` and the log hold it.

    Raises:
        FailedError: if the artefact is no longer what the event says or cannot be copied; or if the version is in
            place, and its line could not be written.
    """
    number = _next_number(folder)
    event = {**event, "version": number}
    incoming = folder / f"{_INCOMING}{number}"
    try:
        shutil.copytree(artefact, incoming, ignore=shutil.ignore_patterns(*_OWN_FILES))
        if hash_files(incoming) != event["files"]:
            raise FailedError(f"{artefact}: its files have changed since they were scored; push again")
        shutil.copyfile(cases, incoming / CASES_NAME)
        write_json(incoming / RECORD_NAME, event)
        for path in (*incoming.rglob("*"), incoming):
            sync(path)
        os.rename(incoming, folder / str(number))
    except shutil.Error as error:  # a list of what happened to each file
        raise FailedError(f"{folder}: the copy failed ({error.args[0][0][2]}); nothing was pushed") from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    _finish(folder, event)
    return event


def roll_back(folder, command, say=print):
    """Take the newest version out of the numbers, so that the server goes back to the one before.

    Args:
        folder: path of the folder of versions.
        command: the command that was given.
        say: as in `locked`.

    Returns:
        the event, with "serves": number of what is the newest now.

    Raises:
        InputError: if there is no version before the newest: a server would be left with none.
        FailedError: if the version is out, and its line could not be written.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of versions, found none; check the path")
    with locked(folder, say):
        versions = numbered(folder)
        if len(versions) < 2:
            raise InputError(
                f"{folder}: expected two versions or more to go back, found {len(versions)}; to serve no model at all, "
                "take it out of the server's configuration"
            )
        *_, earlier, newest = versions
        event = make_event(ROLLED_BACK, newest, command, serves=earlier)
        write_json(versions[newest] / ROLLBACK_NAME, event)
        sync(versions[newest] / ROLLBACK_NAME)
        sync(versions[newest])
        os.rename(versions[newest], folder / f"{_ROLLED_BACK}{newest}")
        _finish(folder, event)
    return event


def _find(folder, prefix):
    folder = Path(folder)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    matches = (re.fullmatch(re.escape(prefix) + "([0-9]+)", name) for name in names)
    return dict(sorted((int(match[1]), folder / match[0]) for match in matches if match))


def _next_number(folder):
    """One more than any number that was ever given, also to a version that somebody has removed."""
    logged = [event["version"] for event in read_events(folder)[0] if event["event"] == PUSHED]
    return 1 + max([0, *logged, *numbered(folder), *_find(folder, _ROLLED_BACK)])


def _finish(folder, event):
    """After the renaming: make it last, and log it."""
    sync(folder)
    try:
        append_event(folder, event)
    except OSError as error:
        raise FailedError(
            f"version {event['version']} was {event['event']}, but {folder / LOG_NAME} could not be written "
            f"({error.strerror}); the next push or rollback writes the line"
        ) from error


def _mend(folder, say):
    for path in folder.glob(f"{_INCOMING}*"):
        shutil.rmtree(path)
        say(f"removed {path.name}, which a push that was killed has left")
    for path in numbered(folder).values():
        for leftover in (*path.glob(ROLLBACK_NAME), *path.glob(f".*.part-{ROLLBACK_NAME}")):
            leftover.unlink()
    events, damaged = read_events(folder)
    if damaged:
        say(f"{folder / LOG_NAME}: lines {', '.join(map(str, damaged))} are damaged and left as they are")
    logged = {(event["event"], event["version"]) for event in events}
    for number, path in sorted({**numbered(folder), **_find(folder, _ROLLED_BACK)}.items()):
        for name, event in ((RECORD_NAME, PUSHED), (ROLLBACK_NAME, ROLLED_BACK)):
            record = _read_record(path / name)
            # A folder that was put here by hand may carry the record of another number.
            if record and record.get("version") == number and (event, number) not in logged:
                append_event(folder, {**record, "completed": now()})
                say(f"{LOG_NAME}: added the line on version {number}, {event}, which a killed process did not write")


def _read_record(path):
    try:
        record = read_json(path, "delete it")
    except (FileNotFoundError, InputError):
        return None
    return record if isinstance(record, dict) else None
