from collections import Counter

import numpy as np
import pytest
from layouts import draw_busi, draw_image, draw_mask, real_data

from keras_hanet.data.busi import read, recognise
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.errors import InputError


def test_every_mask_of_an_image_counts(tmp_path):
    samples = {sample.id: sample for sample in read(draw_busi(tmp_path))}
    names = [path.name for path in samples["benign (2)"].masks]
    assert names == ["benign (2)_mask.png", "benign (2)_mask_1.png"]
    # Rows 2..5 and 5..8 of four columns: seven rows together.
    assert load_sample(samples["benign (2)"])[1].sum() == 7 * 4
    assert load_sample(samples["normal (1)"])[1].sum() == 0


def test_ids_come_in_natural_order_with_their_class(tmp_path):
    samples = read(draw_busi(tmp_path))
    assert [(sample.id, sample.diagnosis) for sample in samples] == [
        ("benign (1)", "benign"),
        ("benign (2)", "benign"),
        ("benign (10)", "benign"),
        ("malignant (1)", "malignant"),
        ("malignant (2)", "malignant"),
        ("normal (1)", "normal"),
    ]
    assert {sample.source for sample in samples} == {"busi"}
    assert {sample.patient for sample in samples} == {None}


def test_groups_join_both_tables_and_pass_over_absent_files(tmp_path):
    groups = {sample.id: sample.group for sample in read(draw_busi(tmp_path))}
    assert groups == {
        "benign (1)": "benign (1)",
        "benign (2)": "benign (1)",
        "malignant (1)": "benign (1)",
        "benign (10)": "benign (10)",
        "malignant (2)": "benign (10)",
        "normal (1)": "normal (1)",
    }


def test_without_tables_each_image_is_its_own_group(tmp_path):
    draw_busi(tmp_path)
    (tmp_path / "duplicates.csv").unlink()
    (tmp_path / "related.csv").unlink()
    assert all(sample.group == sample.id for sample in read(tmp_path))


def test_an_export_as_jpeg_keeps_ids_and_groups(tmp_path):
    as_png, as_jpeg = read(draw_busi(tmp_path / "png")), read(draw_busi(tmp_path / "jpeg", ".jpg"))
    assert [(s.id, s.group, len(s.masks)) for s in as_jpeg] == [(s.id, s.group, len(s.masks)) for s in as_png]
    # A sharp edge in a JPEG rings: the mask stays {0, 1} and nearly the same.
    mask = load_sample(as_jpeg[0])[1]
    assert set(np.unique(mask)) == {0, 1}
    assert abs(int(mask.sum()) - 16) <= 4


def test_a_part_of_the_release_is_enough(tmp_path):
    draw_mask(tmp_path / "malignant" / "a_mask.png")
    draw_image(tmp_path / "malignant" / "a.png", 9)
    assert recognise(tmp_path)
    assert [sample.id for sample in read(tmp_path)] == ["a"]


def test_a_normal_image_needs_no_mask(tmp_path):
    (draw_busi(tmp_path) / "normal" / "normal (1)_mask.png").unlink()
    assert read(tmp_path)[-1].masks == ()


def test_unpaired_files_are_named(tmp_path):
    draw_busi(tmp_path)
    (tmp_path / "benign" / "benign (10)_mask.png").unlink()
    draw_mask(tmp_path / "benign" / "benign (7)_mask_2.png")
    message = r"images without a mask \(benign \(10\).png; 1 in all\) and masks without .*\(7\)_mask_2"
    with pytest.raises(InputError, match=message):
        read(tmp_path)


def test_one_name_in_two_classes_is_refused(tmp_path):
    for diagnosis in ("benign", "malignant"):
        draw_image(tmp_path / diagnosis / "001.png", 9)
        draw_mask(tmp_path / diagnosis / "001_mask.png")
    with pytest.raises(InputError, match=r"'001' in benign/ and malignant/"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("table", "missing"), [("duplicates.csv", "add group"), ("related.csv", "add file_b, class_b")]
)
def test_a_table_without_its_columns_is_refused(tmp_path, table, missing):
    (draw_busi(tmp_path) / table).write_text("file,class,file_a,class_a\n")
    with pytest.raises(InputError, match=missing):
        read(tmp_path)


def test_recognise(tmp_path):
    assert recognise(draw_busi(tmp_path / "busi"))
    draw_image(tmp_path / "other" / "benign" / "a.png", 9)
    assert not recognise(tmp_path / "other")


def test_released_numbers():
    """Images, masks and groups as the data set's note states them."""
    samples = read(real_data("busi"))
    assert Counter(sample.diagnosis for sample in samples) == {"benign": 437, "malignant": 210, "normal": 133}
    assert sum(len(sample.masks) for sample in samples) == 798
    assert sum(len(sample.masks) > 1 for sample in samples) == 17
    groups = {sample.id: sample.group for sample in samples}
    # The one pixel-identical pair, and a pair of related frames.
    assert groups["benign (433)"] == groups["malignant (145)"]
    assert groups["benign (125)"] == groups["benign (126)"]
    # 780 images less 188 redundant ones are 592 frames; the related pairs join some of these further.
    assert len(set(groups.values())) == 586


def test_released_masks_of_every_coding():
    samples = {sample.id: sample for sample in read(real_data("busi"))}
    # RGBA as second mask; a mask that lies wholly inside the first; black RGB.
    for name, has_lesion in (("benign (4)", True), ("benign (58)", True), ("normal (1)", False)):
        image, mask = load_sample(samples[name])
        assert mask.shape == image.shape[:2]
        assert mask.any() == has_lesion
        assert mask.mean() < 0.5
