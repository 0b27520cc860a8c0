from pathlib import Path

import pytest

from keras_hanet.data.tables import find_table, read_diagnosis, read_table, require_rows
from keras_hanet.errors import InputError


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_and_headings_in_any_case(tmp_path, delimiter):
    text = "\ufeffImage,LABEL\r\n a.png ,Benign\r\n\r\nb.png\r\n".replace(",", delimiter)
    (tmp_path / "t.csv").write_bytes(text.encode())
    rows = read_table(tmp_path / "t.csv", ("image",))
    assert rows == [{"image": "a.png", "label": "Benign"}, {"image": "b.png", "label": ""}]


def test_quoted_delimiters_and_line_breaks_stay_in_their_cell(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n"[91,24]","two\nlines"\n')
    assert read_table(tmp_path / "t.csv", ()) == [{"a": "[91,24]", "b": "two\nlines"}]


def test_what_is_missing_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    with pytest.raises(InputError, match="expected the columns a, c, got a, b; add c"):
        read_table(tmp_path / "t.csv", ("a", "c"))
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(InputError, match="got none; add a"):
        read_table(tmp_path / "t.csv", ("a",))
    with pytest.raises(InputError, match="no such table"):
        read_table(tmp_path / "other.csv", ())


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match="save it anew as CSV, UTF-8"):
        read_table(tmp_path / "t.xlsx", ())


def test_the_table_with_the_columns_is_found(tmp_path):
    (tmp_path / "a.csv").write_text("group,file\n")
    (tmp_path / "b.csv").write_text("Image,Type\n")
    assert find_table(tmp_path, ("image", "type")) == tmp_path / "b.csv"
    assert find_table(tmp_path, ("classification",)) is None


def test_diagnoses():
    assert [read_diagnosis(text, "row") for text in ("Benign", "MALIGNANT", "normal", "")] == [
        "benign",
        "malignant",
        "normal",
        None,
    ]
    with pytest.raises(InputError, match="row: expected benign, malignant or normal, got 'B'"):
        read_diagnosis("B", "row")


def test_images_without_a_row_are_counted():
    images = {name: Path(f"{name}.png") for name in "abc"}
    assert require_rows(Path("t.csv"), {"a": images["a"]}, {"a": 1, "b": 2}) == {"a": images["a"]}
    with pytest.raises(InputError, match=r"none for b \(2 in all\)"):
        require_rows(Path("t.csv"), images, {"a"})
    faults = []
    assert require_rows(Path("t.csv"), images, {"b"}, faults) == {"b": images["b"]}
    assert [(fault.file, fault.finding) for fault in faults] == [
        (images["a"], "missing_row"),
        (images["c"], "missing_row"),
    ]


def test_table_with_more_lines_than_any_data_set_has_images_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("name\n" + "a\n" * 199_999)
    assert len(read_table(path, ("name",))) == 199_999
    path.write_text("name\n" + "a\n" * 200_000)
    with pytest.raises(InputError, match="expected a table of at most 200,000 lines"):
        read_table(path, ("name",))
