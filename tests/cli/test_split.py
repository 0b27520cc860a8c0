import hashlib
import json

import numpy as np
import pytest
from layouts import save
from PIL import Image

from keras_hanet.data.split_files import read_folds


def cut_off(path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40))
    save(path, noise)
    path.write_bytes(path.read_bytes()[:700])


def store_in_16_bits(path):
    Image.fromarray(np.full((12, 16), 40000, np.uint16)).save(path)


def store_as_cmyk(path):
    path.unlink()
    Image.new("CMYK", (16, 12)).save(path.with_suffix(".jpg"))


def store_text(path):
    path.write_text("a letter")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut_off, ["scan2.png: the file is cut off or damaged; copy it again"]),
        (store_in_16_bits, ["scan2.png: expected an 8-bit grey or RGB image, got 16 bits", "convert it"]),
        (store_as_cmyk, ["scan2.jpg: expected an 8-bit grey or RGB image, got mode 'CMYK'", "convert it"]),
        (store_text, ["scan2.png: expected a PNG, JPEG, BMP or TIFF image, got something else"]),
    ],
)
def test_an_image_that_cannot_be_read_is_refused(tmp_path, scans, refused, damage, says):
    damage(scans / "images" / "scan2.png")
    refused("split", "--data", scans, "--num-folds", 3, "--output", tmp_path / "folds.json", says=says)
    assert not (tmp_path / "folds.json").exists()


def test_folds_part_the_images(tmp_path, scans, hanet, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = hanet("split", "--data", "scans", "--num-folds", 3)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        *(f"fold {number}: 2 images, 2 unknown" for number in range(3)),
        "written to folds.json",
    ]
    folds = json.loads((tmp_path / "folds.json").read_text())["folds"]
    assert sorted(name for fold in folds for name in fold) == [f"scan{number}" for number in range(6)]
    # The SHA-256 of "height width 3 " and the pixels; scan4 is grey 80 all over.
    expected = hashlib.sha256(b"12 16 3 " + bytes([80]) * 12 * 16 * 3).hexdigest()
    assert [fold["scan4"] for fold in folds if "scan4" in fold] == [expected]


def test_groups_stay_together_and_the_seed_matters(tmp_path, phantoms, hanet):
    table = tmp_path / "groups.csv"
    rows = [f"{number},benign ({first}).png,benign" for number in range(1, 6) for first in (number, number + 5)]
    table.write_text("\n".join(["group,file,class", *rows]) + "\n")
    folds = {}
    for seed in (0, 0, 1):
        path = tmp_path / f"{seed}.json"
        words = ("--data", phantoms, "--groups", table, "--num-folds", 4, "--seed", seed, "--output", path)
        assert hanet("split", *words).code == 0
        found = json.loads(path.read_text())["folds"]
        assert folds.setdefault(seed, found) == found
    assert folds[0] != folds[1]
    for fold in folds[0]:
        for number in range(1, 6):
            assert (f"benign ({number})" in fold) == (f"benign ({number + 5})" in fold)


def test_the_file_is_read_back_by_the_library(tmp_path, phantoms, samples, hanet):
    hanet("split", "--data", phantoms, "--output", tmp_path / "folds.json")
    folds = read_folds(tmp_path / "folds.json", samples)
    assert sorted(len(fold) for fold in folds) == [4, 5, 5, 5, 5]


# === Bad input ===


def test_a_folder_that_is_not_there_is_refused(tmp_path, refused):
    refused("split", "--data", tmp_path / "BUSI", says=[tmp_path / "BUSI", "found nothing; check the path"])


def test_an_empty_folder_is_refused(tmp_path, refused):
    refused("split", "--data", tmp_path, says=[tmp_path, "expected one of these layouts", "busi (benign/"])


def test_a_folder_of_no_known_layout_is_refused(tmp_path, refused):
    save(tmp_path / "scan.png", np.zeros((12, 16)))
    refused("split", "--data", tmp_path, says=[tmp_path, "expected one of these layouts", "images/, masks/"])


def test_empty_folders_of_a_known_layout_are_refused(tmp_path, refused):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    refused("split", "--data", tmp_path, says=[tmp_path, "expected images in the layout of folder, found none"])


def test_an_image_without_a_mask_is_refused(scans, refused):
    (scans / "masks" / "scan2.png").unlink()
    refused("split", "--data", scans, says=[scans, "images without a mask (scan2.png; 1 in all)", "add what"])


def test_a_mask_without_an_image_is_refused(scans, refused):
    (scans / "images" / "scan3.png").unlink()
    refused("split", "--data", scans, says=[scans, "masks without an image (scan3.png; 1 in all)", "remove what"])


def test_an_unknown_layout_name_is_refused(scans, refused):
    refused("split", "--data", scans, "--dataset", "bussi", says=["'bussi'", "busi, busbra"])


def test_a_missing_table_of_groups_is_refused(scans, refused):
    refused("split", "--data", scans, "--groups", "none.csv", says=["none.csv: no such table; check the path"])


@pytest.mark.parametrize("num_folds", [1, 7])
def test_a_number_of_folds_that_does_not_fit_is_refused(scans, refused, num_folds):
    refused("split", "--data", scans, "--num-folds", num_folds, says=[f"got {num_folds} folds, 6 images"])


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(scans, refused, seed):
    refused("split", "--data", scans, "--num-folds", 3, "--seed", seed, says=[f"got {seed}", "from 0 to 4294967295"])


def test_a_folder_in_the_place_of_the_result_is_refused(tmp_path, scans, refused):
    words = ("split", "--data", scans, "--num-folds", 3, "--output", tmp_path)
    refused(*words, says=[f"{tmp_path}: ", "a folder where a file belongs; give another path"])
    assert list(tmp_path.iterdir()) == [scans]


def test_a_full_disk_leaves_nothing(tmp_path, scans, refused, full_disk):
    path = tmp_path / "out" / "folds.json"
    full_disk(path)
    words = ("split", "--data", scans, "--num-folds", 3, "--output", path)
    refused(*words, says=["no space is left on the disk; free some and run the command again"])
    assert list(path.parent.iterdir()) == []
