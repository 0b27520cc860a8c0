import pytest
from layouts import draw_bus_uclm, draw_image, draw_mask

from keras_hanet.data.bus_uclm import read, recognise
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.errors import InputError


def test_four_letters_are_the_patient_and_the_table_tells_the_diagnosis(tmp_path):
    samples = read(draw_bus_uclm(tmp_path))
    assert [(s.id, s.patient, s.group, s.diagnosis) for s in samples] == [
        ("ALWI_000", "ALWI", "ALWI", "benign"),
        ("ALWI_001", "ALWI", "ALWI", "normal"),
        ("ANFO_000", "ANFO", "ANFO", "malignant"),
    ]


def test_green_and_red_are_lesion_and_black_is_not(tmp_path):
    samples = read(draw_bus_uclm(tmp_path))
    assert [int(load_sample(sample)[1].sum()) for sample in samples] == [16, 0, 16]


def test_without_the_table_the_diagnosis_is_unknown(tmp_path):
    (draw_bus_uclm(tmp_path) / "INFO.csv").unlink()
    assert {sample.diagnosis for sample in read(tmp_path)} == {None}


def test_commas_do_as_well(tmp_path):
    table = draw_bus_uclm(tmp_path) / "INFO.csv"
    table.write_text(table.read_text().replace(";", ","))
    assert [sample.diagnosis for sample in read(tmp_path)] == ["benign", "normal", "malignant"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("Image;Doppler\n", "add label"),
        ("Image;Label\nALWI_000.png;Benign\n", r"none for ALWI_001 \(2 in all\)"),
        ("Image;Label\nALWI_000.png;cyst\n", "ALWI_000.png: expected benign, malignant or normal, got"),
    ],
)
def test_faults_of_the_table_are_named(tmp_path, table, message):
    (draw_bus_uclm(tmp_path) / "INFO.csv").write_text(table)
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_a_name_without_a_patient_is_refused(tmp_path):
    (draw_bus_uclm(tmp_path) / "INFO.csv").unlink()
    draw_image(tmp_path / "images" / "scan.png", 9)
    draw_mask(tmp_path / "masks" / "scan.png")
    assert not recognise(tmp_path)
    with pytest.raises(InputError, match="four letters for the patient"):
        read(tmp_path)


def test_recognise(tmp_path):
    # Hidden files that an archive leaves behind do not count.
    draw_image(draw_bus_uclm(tmp_path / "uclm") / "images" / "._ALWI_000.png", 9)
    assert recognise(tmp_path / "uclm")
    (tmp_path / "empty" / "images").mkdir(parents=True)
    (tmp_path / "empty" / "masks").mkdir()
    assert not recognise(tmp_path / "empty")
