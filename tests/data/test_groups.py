import pytest
from layouts import draw_busbra, draw_busi, draw_folder

from keras_hanet.data import busbra, busi, folder
from keras_hanet.data.groups import connect, group_links, regroup_from_table
from keras_hanet.errors import InputError


def test_links_join_over_several_steps_and_the_first_member_names_the_group():
    links = [("f 10", "f 3"), ("f 3", "f 2"), ("f 4", "absent")]
    groups = connect(["f 10", "f 2", "f 3", "f 4", "f 5"], links)
    assert groups == {"f 2": "f 2", "f 3": "f 2", "f 10": "f 2", "f 4": "f 4", "f 5": "f 5"}
    assert connect([], []) == {}


def test_a_row_of_another_class_is_another_image(tmp_path):
    samples = busi.read(draw_busi(tmp_path))
    (tmp_path / "groups.csv").write_text(
        "group,file,class\n1,benign (1),benign\n1,benign (2).png,malignant\n1,benign (10).png,\n"
    )
    assert group_links(samples, tmp_path / "groups.csv") == [
        ("benign (1)", "benign (1)"),
        ("benign (1)", "benign (10)"),
    ]


def test_a_table_replaces_the_groups(tmp_path):
    samples = busi.read(draw_busi(tmp_path))
    (tmp_path / "groups.csv").write_text("group,file\nx,malignant (1).png\nx,malignant (2).png\n")
    samples = regroup_from_table(samples, tmp_path / "groups.csv")
    assert {sample.id: sample.group for sample in samples if sample.group != sample.id} == {
        "malignant (2)": "malignant (1)"
    }


def test_a_table_never_parts_a_patient(tmp_path):
    samples = busbra.read(draw_busbra(tmp_path))
    (tmp_path / "groups.csv").write_text("group,file\nx,bus_0001-r.png\nx,bus_0002-s.png\n")
    groups = [sample.group for sample in regroup_from_table(samples, tmp_path / "groups.csv")]
    assert groups == ["bus_0001-l", "bus_0001-l", "bus_0001-l", "bus_0003-s"]


def test_a_table_of_another_data_set_is_refused(tmp_path):
    samples = folder.read(draw_folder(tmp_path))
    (tmp_path / "groups.csv").write_text("group,file\nx,elsewhere.png\n")
    with pytest.raises(InputError, match=r"groups of images like scan2.bmp, found none"):
        regroup_from_table(samples, tmp_path / "groups.csv")
