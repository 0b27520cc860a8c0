from collections import Counter

import pytest
from layouts import draw_busbra, draw_image, real_data

from keras_hanet.data.busbra import read, recognise
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.errors import InputError


def test_the_patient_is_the_group_and_the_table_tells_the_rest(tmp_path):
    samples = read(draw_busbra(tmp_path))
    assert [(s.id, s.patient, s.group, s.diagnosis, s.official_fold) for s in samples] == [
        ("bus_0001-l", "1", "1", "malignant", 1),
        ("bus_0001-r", "1", "1", "malignant", 1),
        ("bus_0002-s", "2", "2", "benign", 2),
        ("bus_0003-s", "3", "3", "benign", 3),
    ]
    assert samples[0].device == "GE Logiq 7 @10-14MHz"
    assert samples[0].masks[0].name == "mask_0001-l.png"
    assert load_sample(samples[0])[1].sum() == 16


def test_the_release_has_no_folds_in_its_table(tmp_path):
    (draw_busbra(tmp_path) / "bus_data.csv").write_text(
        "ID,Case,Pathology\nbus_0001-l,1,benign\nbus_0001-r,1,benign\nbus_0002-s,2,benign\nbus_0003-s,3,benign\n"
    )
    assert {(sample.official_fold, sample.device) for sample in read(tmp_path)} == {(None, None)}


def test_an_image_without_a_mask_is_named(tmp_path):
    draw_image(draw_busbra(tmp_path) / "Images" / "bus_0009-s.png", 9)
    with pytest.raises(InputError, match=r"images without a mask \(bus_0009-s.png; 1 in all\)"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("ID,Case\n", "add pathology"),
        ("ID,Case,Pathology\nbus_0001-l,1,benign\n", r"none for bus_0001-r \(3 in all\)"),
        ("{},3", "got '' and '3'"),
        ("1,{}", "got '1' and 'x'"),
    ],
)
def test_faults_of_the_table_are_named(tmp_path, table, message):
    if "{}" in table:
        case, fold = table.format("x" if table.startswith("1") else "").split(",")
        views = ("0001-l", "0001-r", "0002-s", "0003-s")
        rows = [f"bus_{view},{case},benign,{fold}" for view in views]
        table = "\n".join(["ID,Case,Pathology,kFold", *rows])
    (draw_busbra(tmp_path) / "bus_data.csv").write_text(table)
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_recognise(tmp_path):
    assert recognise(draw_busbra(tmp_path))
    (tmp_path / "bus_data.csv").unlink()
    assert not recognise(tmp_path)


def test_released_numbers_of_three_folds():
    samples = read(real_data("busbra"))
    assert Counter(sample.diagnosis for sample in samples) == {"benign": 754, "malignant": 360}
    assert Counter(sample.official_fold for sample in samples) == {3: 366, 4: 365, 5: 383}
    assert len({sample.patient for sample in samples}) == 639
