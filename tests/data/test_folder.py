import pytest
from layouts import draw_folder, draw_image, draw_mask

from keras_hanet.data.folder import read, recognise
from keras_hanet.errors import InputError


def test_images_and_masks_pair_by_name_whatever_the_suffix(tmp_path):
    samples = read(draw_folder(tmp_path))
    assert [(s.id, s.image.name, s.masks[0].name) for s in samples] == [
        ("scan2", "scan2.bmp", "scan2.png"),
        ("scan10", "scan10.bmp", "scan10.png"),
    ]
    assert {(s.diagnosis, s.patient, s.group == s.id) for s in samples} == {(None, None, True)}


def test_unpaired_files_are_refused(tmp_path):
    draw_folder(tmp_path)
    draw_image(tmp_path / "images" / "lonely.png", 9)
    draw_mask(tmp_path / "masks" / "orphan.png")
    with pytest.raises(InputError, match=r"\(lonely.png; 1 in all\) and masks .* \(orphan.png; 1 in all\)"):
        read(tmp_path)


def test_recognise(tmp_path):
    (tmp_path / "images").mkdir()
    assert not recognise(tmp_path)
    (tmp_path / "masks").mkdir()
    assert recognise(tmp_path)
