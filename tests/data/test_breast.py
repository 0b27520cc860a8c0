import numpy as np
import pytest
from layouts import draw_breast, draw_mask, save

from keras_hanet.data.breast import read, recognise
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.errors import InputError


def test_tumours_are_masks_and_other_findings_are_not(tmp_path):
    samples = read(draw_breast(tmp_path))
    assert [(s.id, s.diagnosis, [path.name for path in s.masks]) for s in samples] == [
        ("case001", "benign", ["case001_tumor.png"]),
        ("case002", "malignant", ["case002_tumor1.png", "case002_tumor2.png"]),
        ("case003", "normal", []),
    ]
    assert [(s.patient, s.group) for s in samples] == [(s.id, s.id) for s in samples]


def test_a_transparent_border_is_black(tmp_path):
    pixels = np.full((12, 16, 4), 200)
    pixels[:, :3, 3] = 0
    pixels[:, 3:, 3] = 255
    save(draw_breast(tmp_path) / "images_and_masks" / "case001.png", pixels)
    image, mask = load_sample(read(tmp_path)[0])
    assert (image[:, :3] == 0).all()
    assert (image[:, 3:] == 200).all()
    assert mask.sum() == 16


def test_the_case_number_stands_in_for_the_file_name(tmp_path):
    table = "caseid,CLASSIFICATION\n1,benign\n2,malignant\ncase003,normal\n"
    (draw_breast(tmp_path) / "clinical.csv").write_text(table)
    assert [sample.diagnosis for sample in read(tmp_path)] == ["benign", "malignant", "normal"]


def test_a_table_of_something_else_is_passed_over(tmp_path):
    (draw_breast(tmp_path) / "a_groups.csv").write_text("group,file\n")
    assert len(read(tmp_path)) == 3


def test_a_spreadsheet_is_refused_with_the_way_out(tmp_path):
    (draw_breast(tmp_path) / "clinical.csv").rename(tmp_path / "clinical.xlsx")
    with pytest.raises(InputError, match=r"open the released .xlsx sheet and save it there as CSV"):
        read(tmp_path)


def test_faults_are_named(tmp_path):
    files = draw_breast(tmp_path) / "images_and_masks"
    (files / "case001_tumor.png").unlink()
    draw_mask(files / "case009_tumor.png")
    with pytest.raises(InputError, match=r"\(case001.png; 1 in all\) and masks .*\(case009_tumor.png; 1"):
        read(tmp_path)
    (tmp_path / "clinical.csv").write_text("CaseID,Classification\n1,benign\n")
    with pytest.raises(InputError, match=r"none for case002 \(2 in all\)"):
        read(tmp_path)


def test_recognise(tmp_path):
    assert not recognise(tmp_path)
    assert recognise(draw_breast(tmp_path))
