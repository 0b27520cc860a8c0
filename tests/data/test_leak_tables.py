from pathlib import Path

import numpy as np
import pytest
from layouts import draw_busi, real_data

from keras_hanet.data.duplicates import Pair
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.leak_tables import (
    FINDING_COLUMNS,
    GROUP_COLUMNS,
    RELATED_COLUMNS,
    compare_with_related,
    compare_with_table,
    count_kinds,
    finding_rows,
    group_images,
    group_rows,
    related_rows,
)
from keras_hanet.data.sample import Finding
from keras_hanet.errors import InputError
from keras_hanet.files import write_table

# Of the six images of `draw_busi`: benign (1), benign (2), benign (10), malignant (1), malignant (2), normal (1).
PAIRS = [
    Pair(0, 4, "exact", 1.0, np.eye(2, 3)),
    Pair(1, 3, "near", 0.61237, np.eye(2, 3)),
    Pair(1, 5, "near", 0.9, np.eye(2, 3)),
    Pair(2, 5, "related", 0.31, np.eye(2, 3)),
]


@pytest.fixture
def busi(tmp_path):
    """BUSI without its own tables."""
    folder = draw_busi(tmp_path / "busi")
    for name in ("duplicates.csv", "related.csv"):
        (folder / name).unlink()
    return folder


@pytest.fixture
def listed(busi):
    return read_samples(busi)[1]


def test_groups_join_images_over_a_third_one(listed):
    assert group_images(listed, PAIRS) == [[0, 4], [1, 3, 5]]
    assert group_images(listed, []) == []


def test_the_table_of_groups(tmp_path, listed):
    rows = group_rows(listed, group_images(listed, PAIRS), PAIRS)
    write_table(tmp_path / "groups.csv", GROUP_COLUMNS, rows)
    assert (tmp_path / "groups.csv").read_text() == (
        "group,kind,file,class,similarity\n"
        "1,exact,benign (1).png,benign,1.0000\n"
        "1,exact,malignant (2).png,malignant,1.0000\n"
        "2,near,benign (2).png,benign,0.9000\n"
        "2,near,malignant (1).png,malignant,0.6124\n"
        "2,near,normal (1).png,normal,0.9000\n"
    )


def test_the_table_of_groups_makes_the_groups_of_a_data_set(tmp_path, busi, listed):
    write_table(tmp_path / "groups.csv", GROUP_COLUMNS, group_rows(listed, group_images(listed, PAIRS), PAIRS))
    _, samples = read_samples(busi, groups=tmp_path / "groups.csv")
    assert [sample.group for sample in samples] == [
        *("benign (1)", "benign (2)", "benign (10)", "benign (2)", "benign (1)", "benign (2)"),
    ]


def test_both_tables_beside_busi_are_read_with_it(busi, listed):
    write_table(busi / "duplicates.csv", GROUP_COLUMNS, group_rows(listed, group_images(listed, PAIRS), PAIRS))
    write_table(busi / "related.csv", RELATED_COLUMNS, related_rows(listed, PAIRS))
    groups = [sample.group for sample in read_samples(busi)[1]]
    assert groups == ["benign (1)", "benign (2)", "benign (2)", "benign (2)", "benign (1)", "benign (2)"]


def test_the_table_of_neighbouring_frames(listed):
    assert [list(row.values()) for row in related_rows(listed, PAIRS)] == [
        ["benign (10).png", "benign", "normal (1).png", "normal", "0.3100"]
    ]


def test_findings_are_written_relative_to_the_data(tmp_path):
    findings = [Finding(tmp_path / "benign" / "a, b.png", "text", "letters"), Finding(tmp_path / "c.png", "colour", "")]
    write_table(tmp_path / "findings.csv", FINDING_COLUMNS, finding_rows(findings, tmp_path))
    assert (tmp_path / "findings.csv").read_text() == (
        'file,finding,detail\n"benign/a, b.png",text,letters\nc.png,colour,\n'
    )


def test_kinds_are_counted_in_their_order():
    findings = [Finding(Path("a"), kind, "") for kind in ("text", "colour", "text")]
    assert count_kinds(findings, ("colour", "calipers", "text")) == {"colour": 1, "text": 2}


def test_agreement_with_another_table(tmp_path, listed):
    """The table has {0, 1, 2}: three pairs; found are 0-1, 1-2 (and so 0-2) and 3-4: recall 1, precision 3 of 4."""
    table = tmp_path / "reference.csv"
    rows = "".join(f"1,near,benign ({number}).png,benign,0.9\n" for number in (1, 2, 10))
    table.write_text(f"group,kind,file,class,similarity\n{rows}")
    found = [("benign (1)", "benign (2)"), ("benign (2)", "benign (10)"), ("malignant (1)", "malignant (2)")]
    assert compare_with_table(listed, found, table) == {
        "table": "reference.csv",
        "num_reference": 3,
        "num_found": 4,
        "num_both": 3,
        "recall": 1.0,
        "precision": 0.75,
        "missing": [],
        "extra": [["malignant (1)", "malignant (2)"]],
    }
    less = compare_with_table(listed, found[1:2], table)
    assert (less["recall"], less["precision"]) == (pytest.approx(1 / 3), 1.0)
    assert less["missing"] == [["benign (1)", "benign (2)"], ["benign (1)", "benign (10)"]]
    assert compare_with_table(listed, [], table)["precision"] is None


def test_agreement_with_pairs(tmp_path, listed):
    """Pairs are taken as they are, in either order, and not joined."""
    table = tmp_path / "reference.csv"
    table.write_text(
        "file_a,class_a,file_b,class_b\n"
        "benign (1).png,benign,benign (2).png,benign\n"
        "benign (2).png,benign,benign (10).png,benign\n"
    )
    found = compare_with_related(listed, [("benign (2)", "benign (1)"), ("benign (1)", "benign (10)")], table)
    assert (found["num_both"], found["recall"], found["precision"]) == (1, 0.5, 0.5)
    assert found["missing"] == [["benign (2)", "benign (10)"]]
    assert found["extra"] == [["benign (1)", "benign (10)"]]


def test_a_table_without_its_columns_is_refused(tmp_path, listed):
    (tmp_path / "t.csv").write_text("file\na.png\n")
    with pytest.raises(InputError, match="add group"):
        compare_with_table(listed, [], tmp_path / "t.csv")


def test_released_tables_agree_with_themselves():
    folder = real_data("busi")
    samples = read_samples(folder)[1]
    links = [(sample.group, sample.id) for sample in samples]
    assert compare_with_table(samples, links, folder / "duplicates.csv")["recall"] == 1
    assert compare_with_table(samples, [], folder / "duplicates.csv")["num_reference"] == 240
    assert compare_with_related(samples, [], folder / "related.csv")["num_reference"] == 18
