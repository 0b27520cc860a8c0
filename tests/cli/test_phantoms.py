import errno
import json
import os
from pathlib import Path

from keras_hanet.data import phantoms


def test_phantoms_lie_where_they_were_asked_for(tmp_path, hanet):
    folder = tmp_path / "phantoms"
    done = hanet("phantoms", folder, "--num", 3, "--seed", 7)
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith(f"3 phantoms are in {folder}\n")
    assert json.loads((folder / "phantoms.json").read_text()) == {"num": 3, "seed": 7, "version": 1}
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert names == [
        *("benign/benign (1).png", "benign/benign (1)_mask.png", "benign/benign (2).png"),
        *("benign/benign (2)_mask.png", "malignant/malignant (1).png", "malignant/malignant (1)_mask.png"),
    ]


def test_too_few_are_refused(tmp_path, refused):
    refused("phantoms", tmp_path / "phantoms", "--num", 0, says=["num of 1 or more", "num=0"])
    assert list(tmp_path.iterdir()) == []


def test_a_number_that_is_none_is_refused(tmp_path, refused):
    refused("phantoms", tmp_path, "--num", "many", says=["--num", "'many'", "'hanet phantoms --help'"])


def test_a_folder_with_other_things_is_refused(tmp_path, refused):
    (tmp_path / "thesis.txt").write_text("mine")
    refused("phantoms", tmp_path, says=[tmp_path, "choose another folder or delete this one"])
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_file_above_the_folder_is_refused(tmp_path, refused):
    (tmp_path / "file").write_text("")
    refused("phantoms", tmp_path / "file" / "phantoms", says=[tmp_path / "file", "give another path"])


def test_a_full_disk_leaves_nothing(tmp_path, refused, monkeypatch):
    write = phantoms.Image.Image.save

    def save(image, path, *arguments, **options):
        if "(2)" in Path(path).name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(image, path, *arguments, **options)

    monkeypatch.setattr(phantoms.Image.Image, "save", save)
    refused("phantoms", tmp_path / "phantoms", "--num", 5, says=["no space is left on the disk; free some"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_permission_is_refused(tmp_path, refused, monkeypatch):
    def mkdir(path, *arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    folder = tmp_path / "locked" / "phantoms"
    monkeypatch.setattr(Path, "mkdir", mkdir)
    refused("phantoms", folder, says=[folder.parent, "no permission to read or write it; give another path"])
