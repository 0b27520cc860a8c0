from pathlib import Path

import pytest
from dicom_phantoms import write_phantom_dicom
from layouts import save

from keras_hanet.cli.inputs import find_inputs, is_mask
from keras_hanet.errors import InputError
from keras_hanet.sources import is_image


@pytest.fixture
def folder(tmp_path):
    """A scan, its mask, a DICOM file named by its UID, a film, text, and results of an earlier run."""
    root = tmp_path / "in"
    for name in ("a.png", "a_mask.png", "a_mask_1.png", ".b.png", "deep/c.JPG", "out/masks/a.png", "out/dicom/a.png"):
        save(root / name, [[0]])
    write_phantom_dicom(root / "1.2.840.7")
    (root / "clip.mp4").write_bytes(b"")
    (root / "notes.txt").write_text("words")
    return root


def test_a_folder_gives_what_can_be_outlined_and_its_places(folder):
    places = find_inputs([folder], folder / "out")
    expected = {"1.2.840.7": "1.2.840.7", "a.png": "a", "clip.mp4": "clip", "deep/c.JPG": "deep/c"}
    assert {path.relative_to(folder).as_posix(): place.as_posix() for path, place in places.items()} == expected


def test_what_an_earlier_run_wrote_elsewhere_is_left_out(folder):
    save(folder / "earlier" / "overlays" / "a.png", [[0]])
    (folder / "earlier" / "measures.csv").write_text("")
    save(folder / "archive" / "masks" / "a.png", [[0]])
    (folder / "archive" / "batch.json").write_text("")
    save(folder / "overlays" / "mine.png", [[0]])
    places = [place.as_posix() for place in find_inputs([folder], folder / "out", is_image).values()]
    assert places == ["a", "deep/c", "overlays/mine"]


def test_images_alone(folder):
    assert [place.as_posix() for place in find_inputs([folder], folder / "out", is_image).values()] == ["a", "deep/c"]


def test_a_file_given_by_name_is_taken_whatever_it_is_called(folder):
    assert find_inputs([folder / "a_mask.png"], folder / "out") == {folder / "a_mask.png": Path("a_mask")}


def test_files_that_only_their_suffix_tells_apart_keep_it(folder):
    save(folder / "a.bmp", [[0]])
    places = [place.as_posix() for place in find_inputs([folder], folder / "out", is_image).values()]
    assert places == ["a.bmp", "a.png", "deep/c"]


def test_two_files_for_one_place_are_refused(folder):
    save(folder / "deep" / "a.png", [[0]])
    both = [folder / "a.png", folder / "deep" / "a.png"]
    with pytest.raises(InputError, match=r"a\.png and .*a\.png would both be written to a\.png; rename one"):
        find_inputs(both, folder / "out")


def test_nothing_to_outline_is_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: expected a folder with what can be outlined \(\.png, .*found none"):
        find_inputs([folder, tmp_path / "empty"], folder / "out")
    with pytest.raises(InputError, match=r"nowhere: no such file or folder; check the path"):
        find_inputs([tmp_path / "nowhere"], folder / "out")


@pytest.mark.parametrize(("name", "expected"), [("a_mask.png", True), ("a_mask_12.BMP", True), ("mask.png", False)])
def test_masks_are_told_by_their_names(name, expected):
    assert is_mask(Path(name)) == expected
