import csv
import json
import shutil

import numpy as np
import pytest
from layouts import draw_busbra, save
from variants import crop, draw_text

from keras_hanet.data.preprocessing import decode_image, decode_mask


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def add(folder, name, image, mask):
    save(folder / name.split()[0] / f"{name}.png", image)
    save(folder / name.split()[0] / f"{name}_mask.png", 255 * mask)


@pytest.fixture
def leaking(tmp_path, phantoms):
    """Six phantoms and benign (1) again, with text as malignant (90), cropped as benign (91), whole as benign (92)."""
    folder = tmp_path / "leaking set"
    for name in ("benign (1)", "benign (2)", "benign (3)", "malignant (1)", "malignant (2)", "normal (1)"):
        for path in (phantoms / name.split()[0]).glob(f"{name}*"):
            (folder / name.split()[0]).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name.split()[0])
    image = decode_image(folder / "benign" / "benign (1).png")
    mask = decode_mask(folder / "benign" / "benign (1)_mask.png")
    add(folder, "malignant (90)", draw_text(image), mask)
    add(folder, "benign (91)", crop(image), crop(mask))
    add(folder, "benign (92)", image, 1 - mask)
    return folder


def test_a_leaking_data_set(tmp_path, leaking, hanet):
    (leaking / "benign" / "benign (3)_mask.png").unlink()
    shutil.copy(leaking / "normal" / "normal (1)_mask.png", leaking / "normal" / "normal (7)_mask.png")
    table = tmp_path / "known.csv"
    table.write_text("group,file\n1,benign (1)\n1,benign (92)\n1,benign (2)\n")
    output = tmp_path / "out"
    done = hanet("doctor", "--data", leaking, "--output", output, "--compare", table, "--json")
    assert done.code == 0, done.err
    groups = rows_of(output / "groups.csv")
    assert [(row["group"], row["kind"], row["file"], row["class"]) for row in groups] == [
        ("1", "exact", "benign (1).png", "benign"),
        ("1", "near", "benign (91).png", "benign"),
        ("1", "exact", "benign (92).png", "benign"),
        ("1", "near", "malignant (90).png", "malignant"),
    ]
    assert [row["similarity"] for row in groups[::2]] == ["1.0000", "1.0000"]
    found = {(row["file"], row["finding"]) for row in rows_of(output / "findings.csv")}
    assert found >= {
        ("benign/benign (3).png", "missing_mask"),
        ("normal/normal (7)_mask.png", "orphan_mask"),
        ("malignant/malignant (90).png", "text"),
        ("benign/benign (1).png", "mask_conflict"),
        *((f"{row['class']}/{row['file']}", "label_conflict") for row in groups),
    }
    assert (output / "related.csv").read_text() == "file_a,class_a,file_b,class_b,similarity\n"
    summary = json.loads(done.out)
    assert done.out.count("\n") == 1
    assert [summary[name] for name in ("images", "groups", "images_in_groups", "redundant")] == [8, 1, 4, 3]
    assert summary["pairs_within_groups"] == 6
    assert summary["findings"]["label_conflict"] == 4
    # Of the table's three pairs one is true; of the six found ones it has one.
    [comparison] = summary["comparisons"]
    assert (comparison["recall"], comparison["precision"]) == (pytest.approx(1 / 3), pytest.approx(1 / 6))
    assert "missing_mask: 1  (image without its mask; left out)" in done.err
    assert "  only there: benign (1) and benign (2)" in done.err
    assert "s of processor time" in done.err
    assert (output / "report.html").is_file()
    assert {path.name for path in output.iterdir()} == {
        *("groups.csv", "related.csv", "findings.csv", "report.html", "report.md", "pictures"),
    }


def test_what_doctor_finds_split_keeps_together(tmp_path, leaking, hanet):
    assert hanet("doctor", "--data", leaking, "--output", tmp_path / "out").code == 0
    words = ("--groups", tmp_path / "out" / "groups.csv", "--num-folds", 3, "--output", tmp_path / "folds.json")
    done = hanet("split", "--data", leaking, *words)
    assert done.code == 0, done.err
    folds = json.loads((tmp_path / "folds.json").read_text())["folds"]
    homes = [
        [number for number, fold in enumerate(folds) if name in fold]
        for name in ("benign (1)", "benign (91)", "benign (92)", "malignant (90)")
    ]
    assert len(homes[0]) == 1
    assert homes == [homes[0]] * 4


def test_a_clean_data_set(tmp_path, scans, hanet):
    for number, path in enumerate(sorted((scans / "images").iterdir())):
        save(path, np.full((12, 16), 20 * number + 1))
    done = hanet("doctor", "--data", scans, "--output", tmp_path / "out")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "images: 6",
        "groups of one frame: 0 with 0 images, 0 of them redundant; 0 pairs within groups",
        "pairs of neighbouring frames: 0",
        "Research use only, not a medical device.",
    ]
    assert "Next:" not in done.err
    assert rows_of(tmp_path / "out" / "findings.csv") == []


def test_patients_of_a_data_set_are_no_groups_of_one_frame(tmp_path, hanet):
    done = hanet("doctor", "--data", draw_busbra(tmp_path / "busbra"), "--output", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert [json.loads(done.out)[name] for name in ("images", "groups")] == [4, 0]


# === Bad input ===


def test_a_table_of_no_known_kind_is_refused_before_the_work(tmp_path, scans, refused):
    (tmp_path / "t.csv").write_text("name,label\na,b\n")
    words = ("doctor", "--data", scans, "--output", tmp_path / "out", "--compare", tmp_path / "t.csv")
    refused(*words, says=[tmp_path / "t.csv", "expected a table of groups (group, file) or of pairs", "label, name"])
    assert not (tmp_path / "out").exists()


def test_a_missing_table_is_refused(tmp_path, scans, refused):
    refused("doctor", "--data", scans, "--compare", "none.csv", says=["none.csv: no such table; check the path"])


def test_a_folder_of_no_known_layout_is_refused(tmp_path, refused):
    refused("doctor", "--data", tmp_path, says=[tmp_path, "expected one of these layouts"])


def test_a_file_in_the_place_of_the_output_is_refused(tmp_path, scans, refused):
    (tmp_path / "out").write_text("")
    refused("doctor", "--data", scans, "--output", tmp_path / "out", says=["a file is where a folder belongs"])
