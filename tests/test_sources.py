import sys

import numpy as np
import pytest
from dicom_phantoms import write_phantom_dicom
from PIL import Image

from keras_hanet.errors import InputError
from keras_hanet.sources import is_dicom, is_source, open_source


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "scan.png"
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(path)
    return path


@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_image_is_a_source_of_one_frame(image, as_bytes):
    source = open_source(image.read_bytes() if as_bytes else image, "mine")
    assert (source.name, source.kind, source.num_frames) == ("mine", "image", 1)
    [frame] = source.frames()
    np.testing.assert_array_equal(frame.image[..., 1], np.arange(12).reshape(3, 4))
    assert (frame.name, frame.area, frame.time_s) == ("mine", None, None)


def test_a_source_is_called_by_its_path(image):
    assert open_source(image).name == str(image)


def test_what_is_no_image_says_so_when_its_frame_is_asked_for(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no image")
    source = open_source(path)
    with pytest.raises(InputError, match=r"notes.png: expected a PNG, JPEG"):
        next(source.frames())


@pytest.mark.parametrize("name", ["scan.dcm", "scan", "1.2.840.7", "scan.png"])
def test_dicom_is_told_by_its_content_whatever_its_name(tmp_path, name):
    write_phantom_dicom(tmp_path / name)
    for content in (tmp_path / name, (tmp_path / name).read_bytes()):
        assert is_dicom(content)
        assert open_source(content, "a").kind == "dicom"
    assert is_source(tmp_path / name)


def test_text_without_a_suffix_is_no_source(tmp_path, image):
    (tmp_path / "README").write_text("words " * 40)
    image.rename(tmp_path / "scan")
    assert not is_source(tmp_path / "README")
    assert not is_source(tmp_path / "scan")
    assert not is_dicom(tmp_path / "scan")
    assert not is_dicom(tmp_path / "nowhere")


@pytest.mark.parametrize(("name", "taken"), [("a.MP4", True), ("a.avi", True), ("a.txt", False), (".a.png", False)])
def test_a_folder_s_files_are_taken_by_their_suffix(tmp_path, name, taken):
    (tmp_path / name).write_bytes(b"x")
    assert is_source(tmp_path / name) == taken


def test_a_folder_is_no_source(tmp_path):
    (tmp_path / "a.png").mkdir()
    assert not is_source(tmp_path / "a.png")


def test_a_film_needs_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "keras_hanet.video.read", raising=False)
    (tmp_path / "clip.mp4").write_bytes(b"")
    with pytest.raises(ModuleNotFoundError, match="av"):
        open_source(tmp_path / "clip.mp4")
