import pytest
from layouts import draw_image, draw_udiat

from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.udiat import read, recognise
from keras_hanet.errors import InputError


def test_the_table_counts_without_leading_zeros(tmp_path):
    samples = read(draw_udiat(tmp_path))
    assert [(s.id, s.diagnosis, s.group) for s in samples] == [
        ("000001", "benign", "000001"),
        ("000002", "malignant", "000002"),
    ]
    image, mask = load_sample(samples[1])
    assert image.shape == (12, 16, 3)
    assert (image == 80).all()
    assert mask.sum() == 16


def test_with_the_spreadsheet_alone_the_diagnosis_is_unknown(tmp_path):
    (draw_udiat(tmp_path) / "DatasetB.csv").rename(tmp_path / "DatasetB.xlsx")
    assert [sample.diagnosis for sample in read(tmp_path)] == [None, None]


def test_faults_are_named(tmp_path):
    (draw_udiat(tmp_path) / "DatasetB.csv").write_text("Image,Type\n1,Benign\n")
    with pytest.raises(InputError, match=r"none for 000002 \(1 in all\)"):
        read(tmp_path)
    draw_image(tmp_path / "original" / "000003.png", 9)
    with pytest.raises(InputError, match=r"images without a mask \(000003.png; 1 in all\)"):
        read(tmp_path)


def test_recognise(tmp_path):
    assert not recognise(tmp_path)
    assert recognise(draw_udiat(tmp_path))
