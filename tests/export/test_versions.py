"""A server that looks at any moment, also after a kill, finds whole versions only; numbers grow; nothing is lost."""

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading

import pytest

from keras_hanet.checksums import hash_digests
from keras_hanet.errors import FailedError, InputError
from keras_hanet.export import versions
from keras_hanet.export.push_log import LOG_NAME, PUSHED, append_event, make_event, read_events
from keras_hanet.export.versions import hash_files, install, locked, numbered, roll_back

FILES = {"saved_model.pb": "graph", "variables/variables.index": "index", "variables/variables.data": "weights"}
# Installs or rolls back in a process of its own, which a hook kills: {number} events in the folder are let through.
KILLED = """
import os, pathlib, signal, sys
from keras_hanet.export import push_log, versions
artefact, folder, cases, moment, work = sys.argv[1:]
left = [int(moment)]
def hook(event, arguments):
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile"):
        if any(isinstance(argument, (str, os.PathLike)) and str(argument).startswith(folder) for argument in arguments):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
def half(target, source, offset, count):
    os.write(target, b"half")
    os.kill(os.getpid(), signal.SIGKILL)
if work == "half a file":
    os.sendfile = half
else:
    sys.addaudithook(hook)
folder_path = pathlib.Path(folder)
if work == "roll back":
    versions.roll_back(folder_path, "hanet push --rollback", say=lambda line: None)
else:
    event = push_log.make_event("pushed", None, "hanet push", files=versions.hash_files(artefact))
    with versions.locked(folder_path, say=lambda line: None):
        versions.install(artefact, folder_path, event, cases)
"""


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "scores" / "cases.csv"
    path.parent.mkdir()
    path.write_text("id\n")
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "saved" / "hanet"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def artefact(tmp_path):
    """A function that writes an artefact whose files hold the given word."""

    def write(word):
        path = tmp_path / f"artefact-{word}"
        for name, content in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(f"{content} {word}")
        return path

    return write


@pytest.fixture
def put(folder, cases):
    """A function that makes an artefact the newest version: the event."""

    def run(path):
        with locked(folder, say=lambda line: None):
            return install(path, folder, make_event(PUSHED, None, "hanet push", files=hash_files(path)), cases)

    return run


def served(folder):
    """The version that TensorFlow Serving takes, by its rule: the largest of the names that are numbers."""
    numbers = [name for name in os.listdir(folder) if re.fullmatch("[0-9]+", name)]
    return max(map(int, numbers), default=None)


def is_whole(version, path):
    return hash_files(version) == hash_files(path)


def run_killed(*words):
    return subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], capture_output=True, text=True)


def logged(folder):
    events, damaged = read_events(folder)
    assert damaged == []
    return [(event["event"], event["version"]) for event in events]


# === Pushing ===


def test_a_version_is_the_artefact_with_its_record_and_scores(folder, artefact, put):
    path = artefact("a")
    event = put(path)
    assert event["version"] == served(folder) == 1
    assert is_whole(folder / "1", path)
    assert json.loads((folder / "1" / "push.json").read_text()) == event == read_events(folder)[0][0]
    names = {file.name for file in (folder / "1").iterdir()}
    assert names == {"saved_model.pb", "variables", "push.json", "cases.csv"}
    assert {file.name for file in folder.iterdir()} == {"1", LOG_NAME, ".lock"}


def test_hashes_are_those_of_the_files(artefact):
    path = artefact("a")
    expected = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in sorted(FILES)}
    assert hash_files(path) == expected
    lines = "".join(f"{name} {digest}\n" for name, digest in expected.items())
    assert hash_digests(expected) == hashlib.sha256(lines.encode()).hexdigest()


def test_a_version_can_be_pushed_elsewhere_and_stays_the_same_model(tmp_path, folder, artefact, put):
    put(artefact("a"))
    event = put(folder / "1")
    assert event["version"] == 2
    assert is_whole(folder / "2", artefact("a"))
    assert json.loads((folder / "2" / "push.json").read_text())["version"] == 2


def test_a_link_is_refused(artefact):
    path = artefact("a")
    (path / "link").symlink_to("saved_model.pb")
    with pytest.raises(InputError, match="expected a file, got a link"):
        hash_files(path)


def test_numbers_only_grow(folder, artefact, put):
    for _ in range(3):
        put(artefact("a"))
    roll_back(folder, "c")
    assert put(artefact("b"))["version"] == 4
    shutil.rmtree(folder / "4")  # by hand: the log still knows the number
    assert put(artefact("b"))["version"] == 5
    (folder / "0012").mkdir()  # by hand: a server reads 12
    assert put(artefact("b"))["version"] == 13
    assert list(numbered(folder)) == [1, 2, 5, 12, 13]


def test_what_changed_since_it_was_scored_is_not_pushed(folder, artefact, cases):
    path = artefact("a")
    event = make_event(PUSHED, None, "c", files=hash_files(path))
    (path / "saved_model.pb").write_text("another")
    with locked(folder), pytest.raises(FailedError, match="its files have changed since they were scored; push again"):
        install(path, folder, event, cases)
    assert {file.name for file in folder.iterdir()} == {".lock"}


def test_everything_is_on_the_disk_before_the_renaming_and_the_name_before_the_log(folder, artefact, put, monkeypatch):
    done = []
    rename = os.rename
    monkeypatch.setattr(os, "fsync", lambda number: done.append(os.readlink(f"/proc/self/fd/{number}")))
    monkeypatch.setattr(os, "rename", lambda source, target: (done.append("rename"), rename(source, target)))
    put(artefact("a"))
    before, after = done[: done.index("rename")], done[done.index("rename") + 1 :]
    incoming = folder / ".incoming-1"
    assert set(before) == {
        str(incoming / name) for name in (*FILES, "variables", "push.json", "cases.csv", "")
    }
    assert after == [str(folder), str(folder / LOG_NAME), str(folder)]


def test_a_reader_never_sees_a_version_that_is_not_whole(folder, artefact, put):
    path, stop, seen, faults = artefact("a"), threading.Event(), set(), []
    names = {*FILES, "push.json", "cases.csv"}

    def look():
        while not stop.is_set():
            version = served(folder)
            if version is not None:
                seen.add(version)
                faults.extend(name for name in names if not (folder / str(version) / name).is_file())

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(30):
        put(path)
    stop.set()
    reader.join()
    assert faults == []
    assert len(seen) > 3


def test_a_full_disk_leaves_nothing(folder, artefact, put, monkeypatch):
    put(artefact("a"))

    def full(target, source, offset, count):
        os.write(target, b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "sendfile", full)
    with pytest.raises(FailedError, match=r"hanet: the copy failed \(.*No space left on device"):
        put(artefact("b"))
    assert {file.name for file in folder.iterdir()} == {"1", LOG_NAME, ".lock"}
    assert logged(folder) == [("pushed", 1)]


def test_a_log_that_cannot_be_written_is_said_and_mended(folder, artefact, put, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(versions, "append_event", full)
        message = r"version 1 was pushed, but .* could not be written \(No space left on device\)"
        with pytest.raises(FailedError, match=message):
            put(artefact("a"))
    assert served(folder) == 1
    with locked(folder, say=lambda line: None):
        assert logged(folder) == [("pushed", 1)]


# === Killed ===


def check_after_kill(folder, first, second):
    """What a server finds, then what the next push finds: the version served and the lines there were."""
    assert served(folder) in (1, 2)
    assert all(is_whole(path, {1: first, 2: second}[number]) for number, path in numbered(folder).items())
    before = (served(folder), len(logged(folder)))
    with locked(folder, say=lambda line: None):
        assert not list(folder.glob(".incoming*"))
        assert logged(folder) == [("pushed", number) for number in numbered(folder)]
    return before


def test_a_push_killed_at_any_moment(tmp_path, folder, artefact, cases, put):
    first, second = artefact("a"), artefact("b")
    put(first)
    kept = shutil.copytree(folder, tmp_path / "kept")
    states = []
    for moment in range(1, 200):
        done = run_killed(second, folder, cases, moment, "push")
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        states.append(check_after_kill(folder, first, second))
        assert put(second)["version"] == served(folder) == states[-1][0] + 1
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
    assert 25 < moment < 199
    # Up to the renaming, then after it and without the line.
    assert list(dict.fromkeys(states)) == [(1, 1), (2, 1)]
    assert logged(folder) == [("pushed", 1), ("pushed", 2)]


def test_a_push_killed_within_a_file(folder, artefact, cases, put):
    first, second = artefact("a"), artefact("b")
    put(first)
    assert run_killed(second, folder, cases, 0, "half a file").returncode == -9
    assert any(path.read_text() == "half" for path in folder.glob(".incoming-2/**/*") if path.is_file())
    assert check_after_kill(folder, first, second) == (1, 1)


def test_a_rollback_killed_at_any_moment(tmp_path, folder, artefact, cases, put):
    first, second = artefact("a"), artefact("b")
    put(first)
    put(second)
    kept = shutil.copytree(folder, tmp_path / "kept")
    seen = set()
    for moment in range(1, 100):
        done = run_killed(first, folder, cases, moment, "roll back")
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        out = (folder / "rolled-back-2").exists()
        assert served(folder) == (1 if out else 2)
        seen.add((out, len(logged(folder))))
        with locked(folder, say=lambda line: None):
            expected = [("pushed", 1), ("pushed", 2)] + [("rolled back", 2)] * out
            assert logged(folder) == expected
        whole = folder / ("rolled-back-2" if out else "2")
        assert is_whole(whole, second)
        names = {"saved_model.pb", "variables", "push.json", "cases.csv", *["rollback.json"] * out}
        assert {path.name for path in whole.iterdir()} == names
        assert put(second)["version"] == 3
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
    assert 5 < moment < 99
    assert {(False, 2), (True, 2)} <= seen


# === Going back ===


def test_a_rollback_takes_the_newest_out_and_keeps_it(folder, artefact, put):
    put(artefact("a"))
    put(artefact("b"))
    event = roll_back(folder, "hanet push --rollback", say=lambda line: None)
    assert (event["event"], event["version"], event["serves"]) == ("rolled back", 2, 1)
    assert served(folder) == 1
    assert is_whole(folder / "rolled-back-2", artefact("b"))
    assert logged(folder) == [("pushed", 1), ("pushed", 2), ("rolled back", 2)]
    assert read_events(folder)[0][-1] == event
    assert put(artefact("b"))["version"] == 3


def test_the_record_of_a_rollback_is_on_the_disk_before_the_renaming(folder, artefact, put, monkeypatch):
    put(artefact("a"))
    put(artefact("b"))
    done = []
    rename = os.rename
    monkeypatch.setattr(os, "fsync", lambda number: done.append(os.readlink(f"/proc/self/fd/{number}")))
    monkeypatch.setattr(os, "rename", lambda source, target: (done.append("rename"), rename(source, target)))
    roll_back(folder, "c")
    two = folder / "2"
    assert done == [str(two / "rollback.json"), str(two), "rename", str(folder), str(folder / LOG_NAME)]


def test_the_only_version_stays(folder, artefact, put):
    put(artefact("a"))
    with pytest.raises(InputError, match="expected two versions or more to go back, found 1"):
        roll_back(folder, "c")
    assert served(folder) == 1
    assert logged(folder) == [("pushed", 1)]


def test_a_rollback_where_nothing_is_makes_nothing(tmp_path):
    with pytest.raises(InputError, match="expected a folder of versions, found none"):
        roll_back(tmp_path / "nothing", "c")
    assert not (tmp_path / "nothing").exists()


# === What lies there ===


def test_a_damaged_log_line_is_written_again_from_the_record(folder, artefact, put):
    put(artefact("a"))
    event = put(artefact("b"))
    log = folder / LOG_NAME
    log.write_bytes(log.read_bytes()[:-40])  # the second line is cut off
    lines = []
    with locked(folder, say=lines.append):
        pass
    events, damaged = read_events(folder)
    assert damaged == [2]
    assert [one["version"] for one in events] == [1, 2]
    assert {**event, "completed": events[1]["completed"]} == events[1]
    assert lines == [
        f"{log}: lines 2 are damaged and left as they are",
        f"{LOG_NAME}: added the line on version 2, pushed, which a killed process did not write",
    ]


def test_a_folder_put_there_by_hand_is_not_logged(folder, artefact, put):
    put(artefact("a"))
    shutil.copytree(folder / "1", folder / "7")  # with the record of version 1
    shutil.copytree(artefact("b"), folder / "8")
    (folder / "9").write_text("a file")
    (folder / "8" / "push.json").write_text("{")
    with locked(folder, say=lambda line: None):
        assert logged(folder) == [("pushed", 1)]


def test_the_lock_is_waited_for(tmp_path, folder):
    code = (
        "import pathlib, sys, time; from keras_hanet.export.versions import locked\n"
        "with locked(sys.argv[1]): print('held', flush=True); time.sleep(0.5); pathlib.Path(sys.argv[2]).touch()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, folder, tmp_path / "let go"], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with locked(folder):
            assert (tmp_path / "let go").exists()


def test_pushes_at_once_get_numbers_of_their_own(folder, artefact, cases):
    words = [artefact("a"), folder, cases, 10**6, "push"]
    processes = [subprocess.Popen([sys.executable, "-c", KILLED, *map(str, words)]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert list(numbered(folder)) == [1, 2, 3, 4]
    assert logged(folder) == [("pushed", number) for number in (1, 2, 3, 4)]
    assert all(is_whole(path, artefact("a")) for path in numbered(folder).values())


def test_a_line_that_is_there_is_not_added_again(folder, artefact, put):
    put(artefact("a"))
    append_event(folder, make_event("refused", None, "c"))
    for _ in range(2):
        with locked(folder):
            assert logged(folder) == [("pushed", 1), ("refused", None)]
