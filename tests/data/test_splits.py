import hashlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from layouts import draw_busbra, draw_image, draw_samples, ids, real_data, save

from keras_hanet.data import busbra, busi
from keras_hanet.data.splits import (
    PARTS,
    Split,
    add_extra,
    check_disjoint,
    drop_contradicted,
    grouped_split,
    image_sha256,
    make_folds,
    official_split,
)
from keras_hanet.errors import InputError


def test_folds_hold_whole_groups_in_equal_shares():
    samples = draw_samples(Path("nowhere"), decode=False)
    folds = make_folds(samples)
    assert sorted((sample.id for fold in folds for sample in fold), key=int) == ids(samples)
    # 15 groups, 10 benign and 5 malignant: two and one for each of five folds.
    for fold in folds:
        assert Counter(sample.diagnosis for sample in fold) == {"benign": 4, "malignant": 2}
        assert len({sample.group for sample in fold}) == 3
        assert ids(fold) == sorted(ids(fold), key=int)


def test_the_seed_decides():
    samples = draw_samples(Path("nowhere"), decode=False)
    assert make_folds(samples, seed=3) == make_folds(samples, seed=3)
    assert make_folds(samples, seed=3) != make_folds(samples, seed=4)


def test_groups_of_two_data_sets_are_different_groups():
    first = draw_samples(Path("nowhere"), num_groups=2, decode=False)
    second = [replace(sample, source="other") for sample in first]
    with pytest.raises(InputError):
        make_folds(first, num_folds=3)
    assert len(make_folds(first + second, num_folds=3)) == 3


def test_a_rare_or_unknown_diagnosis_is_no_fault():
    samples = draw_samples(Path("nowhere"), decode=False)
    samples[0] = replace(samples[0], diagnosis="normal")
    assert len(make_folds(samples)) == 5
    assert len(make_folds([replace(sample, diagnosis=None) for sample in samples])) == 5


@pytest.mark.parametrize(("num_groups", "num_folds"), [(4, 5), (15, 1), (0, 2)])
def test_too_few_groups_are_refused(num_groups, num_folds):
    samples = draw_samples(Path("nowhere"), num_groups, decode=False)
    with pytest.raises(InputError, match=f"in {num_groups} groups"):
        make_folds(samples, num_folds)


def test_the_next_fold_validates(tmp_path):
    samples = draw_samples(tmp_path)
    folds = make_folds(samples, 5, 0)
    split = grouped_split(samples, 4)
    assert ids(split.test) == ids(folds[4])
    assert ids(split.validation) == ids(folds[0])
    assert sorted(ids(split.train)) == sorted(ids(folds[1] + folds[2] + folds[3]))
    assert split.name == "grouped 5-fold, seed 0, test fold 4"


@pytest.mark.parametrize(("fold", "num_folds"), [(5, 5), (-1, 5), (0, 2)])
def test_a_fold_that_is_not_there_is_refused(tmp_path, fold, num_folds):
    with pytest.raises(InputError, match=rf"test fold in 0..{num_folds - 1}"):
        grouped_split(draw_samples(tmp_path), fold, num_folds)


def test_official_folds_test_and_a_grouped_part_of_the_rest_validates(tmp_path):
    samples = busbra.read(draw_busbra(tmp_path))
    split = official_split(samples, 1, num_folds=2)
    assert ids(split.test) == ["bus_0001-l", "bus_0001-r"]
    assert sorted([ids(split.train), ids(split.validation)]) == [["bus_0002-s"], ["bus_0003-s"]]
    with pytest.raises(InputError, match=r"official fold of the data set \(1, 2, 3\), got 4"):
        official_split(samples, 4)


def test_an_official_fold_that_parts_a_patient_is_refused(tmp_path):
    samples = busbra.read(draw_busbra(tmp_path))
    samples[1] = replace(samples[1], official_fold=2)
    with pytest.raises(InputError, match="share the same group"):
        official_split(samples, 1, num_folds=2)


@pytest.mark.parametrize(
    ("change", "shared"),
    [({"id": "0"}, "image"), ({"group": "g0"}, "group"), ({"patient": "p0"}, "patient"), ({}, "pixels")],
)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_parts_that_share_something_are_refused(tmp_path, change, shared, part):
    samples = draw_samples(tmp_path)
    split = Split(train=(samples[0],), validation=(samples[2],), test=(samples[4],), name="by hand")
    check_disjoint(split)
    [sample] = getattr(split, part)
    if shared == "pixels":
        # The same grey level, this time as RGB in another format.
        change = {"image": tmp_path / "copy.bmp"}
        draw_image(tmp_path / "copy.bmp", 0, "RGB")
    leaky = replace(split, **{part: (replace(sample, **change),)})
    with pytest.raises(InputError, match=rf"train \(0\) and {part} \(\d\) share the same {shared}, 1 such"):
        check_disjoint(leaky)


def test_further_data_sets_join_the_training_part_without_what_the_split_shows(tmp_path):
    own, others = draw_samples(tmp_path / "own"), draw_samples(tmp_path / "others")
    others = [replace(sample, source="others", patient=None) for sample in others]
    split = grouped_split(own, 0)
    assert len(others) == len(own), "the same grey levels: all are twins of the split's"
    assert add_extra(split, others).extra == ()
    draw_image(others[0].image, 251)  # its twin in the group still is a known image
    draw_image(others[2].image, 252)
    draw_image(others[3].image, 253)
    joined = add_extra(split, others)
    assert ids(joined.extra) == ["2", "3"]
    assert (joined.train, joined.validation, joined.test) == (split.train, split.validation, split.test)


def test_a_normal_image_of_a_frame_with_a_lesion_is_not_trained_on(tmp_path):
    frame, twin, other, alone = draw_samples(tmp_path)[:4]
    frame = replace(frame, diagnosis="benign", group="a", patient=None)
    twin = replace(twin, diagnosis="normal", group="a", patient=None)
    other = replace(other, diagnosis="benign", group="a", patient=None)
    alone = replace(alone, diagnosis="normal", group="b", patient=None)
    assert drop_contradicted([frame, twin, other, alone]) == [frame, other, alone]
    # Of a patient with a lesion, another frame may well be normal.
    views = [replace(frame, patient="a"), replace(twin, patient="a")]
    assert drop_contradicted(views) == views


def test_an_unknown_patient_is_nobodys_twin(tmp_path):
    first, second, third = [replace(sample, patient=None) for sample in draw_samples(tmp_path)[::2][:3]]
    check_disjoint(Split((first,), (second,), (third,), "by hand"))


def test_the_hash_is_of_the_pixels_and_the_shape(tmp_path):
    sample = draw_samples(tmp_path, 1)[0]
    expected = hashlib.sha256(b"1 2 3 " + bytes([0, 0, 0, 255, 255, 255])).hexdigest()
    for name, pixels in (("a.png", [[0, 255]]), ("a.bmp", [[[0] * 3, [255] * 3]])):
        save(tmp_path / name, pixels)
        assert image_sha256(replace(sample, image=tmp_path / name)) == expected
    save(tmp_path / "high.png", [[0], [255]])
    assert image_sha256(replace(sample, image=tmp_path / "high.png")) != expected


def test_a_changed_file_has_a_new_hash(tmp_path):
    sample = draw_samples(tmp_path, 1)[0]
    before = image_sha256(sample)
    draw_image(sample.image, 99)
    os.utime(sample.image, ns=(1, 1))
    assert image_sha256(sample) != before
    sample.image.unlink()
    with pytest.raises(InputError, match="no such file"):
        image_sha256(sample)


def test_busi_and_busbra_split_without_a_leak():
    split = grouped_split(busi.read(real_data("busi")), 0)
    assert [len(getattr(split, part)) for part in PARTS] == [467, 156, 157]
    split = official_split(busbra.read(real_data("busbra")), 3)
    assert [len(getattr(split, part)) for part in PARTS] == [598, 150, 366]
