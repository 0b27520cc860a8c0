from collections import Counter

import layouts
import pytest

from keras_hanet.data.layouts import READERS, read_further, read_samples
from keras_hanet.errors import InputError


@pytest.mark.parametrize("name", READERS)
def test_every_layout_is_recognised_by_its_own_reader_first(tmp_path, name):
    found, samples = read_samples(getattr(layouts, f"draw_{name}")(tmp_path))
    assert found == name
    assert {sample.source for sample in samples} == {name}
    assert all(path.is_file() for sample in samples for path in (sample.image, *sample.masks))


def test_a_forced_reader_is_taken(tmp_path):
    name, samples = read_samples(layouts.draw_bus_uclm(tmp_path), dataset="folder")
    assert name == "folder"
    assert [sample.group for sample in samples] == ["ALWI_000", "ALWI_001", "ANFO_000"]


def test_groups_are_replaced(tmp_path):
    layouts.draw_folder(tmp_path)
    (tmp_path / "groups.csv").write_text("group;file\n1;scan2\n1;scan10\n")
    assert [sample.group for sample in read_samples(tmp_path)[1]] == ["scan2", "scan10"]
    _, samples = read_samples(str(tmp_path), groups=str(tmp_path / "groups.csv"))
    assert [sample.group for sample in samples] == ["scan2", "scan2"]


def test_an_unknown_layout_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match=r"found none: busi \(benign/.*udiat.*folder \(images/") as raised:
        read_samples(tmp_path)
    assert all(name in str(raised.value) for name in READERS)


def test_empty_missing_and_misnamed(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match="expected images in the layout of folder, found none"):
        read_samples(tmp_path)
    with pytest.raises(InputError, match="found nothing; check the path"):
        read_samples(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="found a file"):
        read_samples(tmp_path / "file")
    with pytest.raises(InputError, match=f"{', '.join(READERS)}, got 'busy'"):
        read_samples(tmp_path, dataset="busy")


@pytest.mark.parametrize("name", READERS)
def test_every_reader_lists_its_faults_to_whoever_asks(tmp_path, name):
    _, samples = read_samples(getattr(layouts, f"draw_{name}")(tmp_path))
    first, second = [sample for sample in samples if sample.diagnosis != "normal"][:2]
    for path in first.masks:
        path.unlink()
    second.image.unlink()
    faults = []
    _, left = read_samples(tmp_path, faults=faults)
    assert {(fault.file, fault.finding) for fault in faults if fault.finding != "missing_row"} >= {
        (first.image, "missing_mask"),
        *((path, "orphan_mask") for path in second.masks),
    }
    assert {sample.id for sample in left} == {sample.id for sample in samples} - {first.id, second.id}


@pytest.mark.parametrize("name", ["busbra", "breast", "bus_uclm", "udiat"])
def test_images_without_a_row_are_listed_too(tmp_path, name):
    _, samples = read_samples(getattr(layouts, f"draw_{name}")(tmp_path))
    [table] = tmp_path.glob("*.csv")
    table.write_text("\n".join(table.read_text().splitlines()[:2]) + "\n")
    faults = []
    _, left = read_samples(tmp_path, faults=faults)
    assert [(fault.file, fault.finding) for fault in faults] == [
        (sample.image, "missing_row") for sample in samples[1:]
    ]
    assert [sample.id for sample in left] == [samples[0].id]


def test_a_further_set_of_a_layout_that_is_taken_has_names_of_its_own(tmp_path):
    one, two, three = (layouts.draw_folder(tmp_path / name) for name in ("one", "two", "three"))
    further = read_further([two, layouts.draw_busi(tmp_path / "busi"), three], read_samples(one)[0])
    first = read_samples(one)[1][0].id
    assert Counter(sample.source for sample in further).keys() == {"folder-2", "busi", "folder-3"}
    assert [sample.id for sample in further if sample.id.endswith(first)] == [f"folder-2/{first}", f"folder-3/{first}"]
    assert "benign (1)" in [sample.id for sample in further]
