from pathlib import Path

import pytest
from layouts import draw_image

from keras_hanet.data.pairing import files_by_stem, natural_key, refuse_unpaired, require_pairs
from keras_hanet.errors import InputError


def test_numbers_sort_as_numbers():
    names = ["case10", "case9", "benign (2)", "10", "9a", "benign (10)"]
    assert sorted(names, key=natural_key) == ["9a", "10", "benign (2)", "benign (10)", "case9", "case10"]


def test_only_images_are_listed(tmp_path):
    for name in ("b.PNG", "a.jpg", "._a.png", "c.jpeg", "d.bmp"):
        draw_image(tmp_path / name, 5)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    assert list(files_by_stem(tmp_path)) == ["a", "b", "c", "d"]


def test_one_name_with_two_suffixes_is_refused(tmp_path):
    draw_image(tmp_path / "a.png", 5)
    draw_image(tmp_path / "a.jpg", 5)
    with pytest.raises(InputError, match=r"got a.jpg and a.png; keep one"):
        files_by_stem(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="Masks: expected a folder of images"):
        files_by_stem(tmp_path / "Masks")


def test_the_first_three_are_named_and_all_are_counted():
    with pytest.raises(InputError, match=r"images without a mask \(a1, a2, a9; 4 in all\); add"):
        refuse_unpaired("set", [Path(name) for name in ("a10", "a9", "a2", "a1")], [])


def test_pairs_pass(tmp_path):
    images = {"a": tmp_path / "a.png"}
    assert require_pairs("set", images, {"a": tmp_path / "a.bmp"}) == images
    with pytest.raises(InputError, match=r"masks without an image \(b.bmp; 1 in all\)"):
        require_pairs("set", {}, {"b": tmp_path / "b.bmp"})


def test_whoever_gives_a_list_gets_every_fault_and_what_is_paired():
    images = {name: Path(f"{name}.png") for name in "abcde"}
    masks = {name: Path(f"{name}.bmp") for name in "efg"}
    faults = []
    assert require_pairs("set", images, masks, faults) == {"e": Path("e.png")}
    assert [(str(fault.file), fault.finding) for fault in faults] == [
        *((f"{name}.png", "missing_mask") for name in "abcd"),
        *((f"{name}.bmp", "orphan_mask") for name in "fg"),
    ]
