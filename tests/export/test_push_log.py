"""The log only grows, a damaged line damages no other, and a line is on the disk before the push goes on."""

import json
import os
import pwd
from datetime import UTC, datetime

import pytest

from keras_hanet.export import push_log
from keras_hanet.export.push_log import LOG_NAME, PUSHED, append_event, make_event, read_events


def event(version, **fields):
    return make_event(PUSHED, version, "hanet push", **fields)


def test_an_event_says_who_when_and_what():
    made = event(3, sha256="ab")
    assert list(made) == ["event", "time", "user", "version", "command", "sha256"]
    assert (made["event"], made["version"], made["command"]) == ("pushed", 3, "hanet push")
    assert made["user"] == pwd.getpwuid(os.getuid()).pw_name
    age = datetime.now(UTC) - datetime.fromisoformat(made["time"])
    assert 0 <= age.total_seconds() < 60
    assert made["time"].endswith("+00:00")


def test_an_account_without_a_name_is_its_number(monkeypatch):
    def no_name(number):
        raise KeyError(number)

    monkeypatch.setattr(push_log.pwd, "getpwuid", no_name)
    assert event(1)["user"] == str(os.getuid())


def test_lines_are_appended_and_read_in_order(tmp_path):
    assert read_events(tmp_path) == ([], [])
    for version in (1, 2, 3):
        before = (tmp_path / LOG_NAME).read_bytes() if version > 1 else b""
        append_event(tmp_path, event(version))
        assert (tmp_path / LOG_NAME).read_bytes().startswith(before)
    events, damaged = read_events(tmp_path)
    assert ([one["version"] for one in events], damaged) == ([1, 2, 3], [])
    assert (tmp_path / LOG_NAME).read_text().count("\n") == 3


@pytest.mark.parametrize("damage", ['{"event": "pushed", "vers', "\udcff\udcfe", "[1, 2]", "3", '{"event": "pushed"}'])
def test_a_damaged_line_stays_and_damages_no_other(tmp_path, damage):
    append_event(tmp_path, event(1))
    with (tmp_path / LOG_NAME).open("ab") as file:
        file.write(damage.encode(errors="surrogateescape"))  # no line break: the process died here
    kept = (tmp_path / LOG_NAME).read_bytes()
    append_event(tmp_path, event(2))
    events, damaged = read_events(tmp_path)
    assert ([one["version"] for one in events], damaged) == ([1, 2], [2])
    assert (tmp_path / LOG_NAME).read_bytes().startswith(kept + b"\n{")


def test_a_number_that_json_does_not_know_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_event(tmp_path, event(1, dice=float("nan")))
    assert not (tmp_path / LOG_NAME).exists()


def test_a_line_and_a_new_file_are_written_through_to_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.readlink(f"/proc/self/fd/{number}")))
    append_event(tmp_path, event(1))
    assert synced == [str(tmp_path / LOG_NAME), str(tmp_path)]
    append_event(tmp_path, event(2))
    assert synced[2:] == [str(tmp_path / LOG_NAME)]
    assert [json.loads(line)["version"] for line in (tmp_path / LOG_NAME).read_text().splitlines()] == [1, 2]
