"""SHA256SUMS: what changed, went missing or cannot be read is refused; sha256sum agrees."""

import hashlib
import shutil
import subprocess

import pytest

from keras_hanet.checksums import check_checksums, hash_file, write_checksums
from keras_hanet.errors import InputError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "variables").mkdir()
    (tmp_path / "model.tflite").write_bytes(b"abc")
    (tmp_path / "variables" / "data").write_bytes(bytes(range(256)) * 1000)
    write_checksums(tmp_path)
    return tmp_path


def test_list_is_that_of_sha256sum(folder):
    # FIPS 180-2, the published digest of "abc".
    published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(folder / "model.tflite") == published
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    content = (folder / "variables" / "data").read_bytes()
    assert lines == [f"{published}  model.tflite", f"{hashlib.sha256(content).hexdigest()}  variables/data"]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)


def test_sound_folder_and_one_without_a_list_pass(folder, tmp_path):
    check_checksums(folder)
    (folder / "push.json").write_text("{}")  # what was added later is not in the list
    check_checksums(folder)
    (folder / "SHA256SUMS").unlink()
    (folder / "model.tflite").write_bytes(b"other")
    check_checksums(folder)


@pytest.mark.parametrize("name", ["model.tflite", "variables/data"])
def test_a_changed_byte_is_refused(name, folder):
    content = bytearray((folder / name).read_bytes())
    content[1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: expected the bytes that were exported \(SHA256SUMS\)"):
        check_checksums(folder)


def test_a_missing_file_and_a_damaged_list_are_refused(folder):
    (folder / "model.tflite").unlink()
    with pytest.raises(InputError, match="damaged, changed or missing"):
        check_checksums(folder)
    (folder / "SHA256SUMS").write_bytes(b"\xff\x00 nonsense\n")
    with pytest.raises(InputError, match="copy the folder again"):
        check_checksums(folder)


@pytest.mark.parametrize("name", ["../beside", "variables/../../beside", "{outside}"])
def test_a_list_that_names_a_file_outside_the_folder_is_refused(name, folder):
    beside = folder.parent / "beside"
    beside.write_bytes(b"abc")
    digest = hash_file(beside)
    (folder / "SHA256SUMS").write_text(f"{digest}  {name.format(outside=beside)}\n")
    with pytest.raises(InputError, match="copy the folder again"):
        check_checksums(folder)
