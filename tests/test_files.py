"""A file is whole or not there."""

import json

import pytest

from keras_hanet.files import replacing, write_json, write_table


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
