"""A file is whole or not there; text of a stranger is read as what it is, or refused with a sentence."""

import json
import os

import pytest

from keras_hanet.errors import InputError
from keras_hanet.files import (
    MAX_DEPTH,
    MAX_TEXT_BYTES,
    parse_json,
    read_json,
    read_text,
    replacing,
    write_json,
    write_table,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent  # a rename across disks would be a copy
    assert path.read_text() == "whole"
    assert names(path.parent) == ["file.txt"]


def test_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def break_off():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("name", ["model.keras", "best.weights.h5", "case 1.png"])
def test_temporary_name_keeps_the_suffixes_and_is_hidden(name, tmp_path):
    with replacing(tmp_path / name) as temporary:
        assert temporary.name.endswith(name)
        assert temporary.name.startswith(".")
        temporary.touch()


def test_json_keeps_the_order_of_its_keys(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [0.5, None]})
    text = (tmp_path / "a.json").read_text()
    assert list(json.loads(text)) == ["b", "a"]
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_no_number(value, tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"value": value})
    assert names(tmp_path) == []


def test_table_is_plain_csv_and_a_stray_key_leaves_none(tmp_path):
    path = tmp_path / "table.csv"
    write_table(path, ("name", "size"), [{"name": "é, f", "size": 1}])
    assert path.read_bytes() == 'name,size\n"é, f",1\n'.encode()
    with pytest.raises(ValueError, match="colour"):
        write_table(tmp_path / "other.csv", ("name",), [{"name": "a", "colour": "b"}])
    assert names(tmp_path) == ["table.csv"]


def test_json_that_is_written_is_read(tmp_path):
    value = {"name": "Brüste \u2713 \U0001f600", "numbers": [0, -1.5, 1e-300, 2**70], "nothing": None, "yes": True}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json", "mend it") == value


def test_byte_order_mark_of_another_editor_is_no_fault(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf{}")
    assert read_json(tmp_path / "a.json", "mend it") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value: line 1 column 1"),
        ("[NaN]", "a number is not finite"),
        ("-Infinity", "a number is not finite"),
        ("[1e999]", "a number is not finite"),
        ('{"a": 1, "a": 2}', "a key is there twice"),
        ('"\\ud800"', "surrogates not allowed"),
        ('{"\\ud800": 1}', "surrogates not allowed"),
        ("9" * 5000, "Exceeds the limit"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * MAX_DEPTH + "0" + "]" * MAX_DEPTH, "nested too deeply"),
    ],
)
def test_json_that_nothing_here_can_use_is_refused(text, reason):
    with pytest.raises(InputError, match=rf"^a\.json: expected JSON, the file is damaged \(.*{reason}.*\); mend it$"):
        parse_json(text, "a.json", "mend it")


def test_json_may_be_as_deep_as_is_said():
    parse_json("[" * (MAX_DEPTH - 1) + "0" + "]" * (MAX_DEPTH - 1), "a.json", "mend it")


def test_text_that_is_not_there_is_for_the_caller_to_say(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "a.json", tmp_path / "file" / "a.json"):
        with pytest.raises(FileNotFoundError):
            read_text(path, "mend it")


@pytest.mark.parametrize("name", [".", "pipe", "\0", "a" * 256])
def test_what_is_no_file_is_refused_and_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"can be read \(.*(folder or a device|null byte|too long)\); mend it$"):
        read_text(tmp_path / name, "mend it")


def test_text_that_is_too_long_or_of_another_coding_is_refused(tmp_path):
    with (tmp_path / "long").open("wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)
    with pytest.raises(InputError, match="16,777,217 bytes, 16,777,216 is the most"):
        read_text(tmp_path / "long", "mend it")
    (tmp_path / "latin").write_bytes("Brüste".encode("latin-1"))
    with pytest.raises(InputError, match="expected text in UTF-8"):
        read_text(tmp_path / "latin", "mend it")
