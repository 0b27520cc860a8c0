import hashlib
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from layouts import draw_busbra, draw_image, real_data, save
from PIL import Image

import keras_hanet
from keras_hanet.data import busbra, busi
from keras_hanet.data.sample import Sample
from keras_hanet.data.splits import (
    PARTS,
    Split,
    check_disjoint,
    grouped_split,
    image_sha256,
    make_folds,
    official_split,
    read_folds,
    read_split,
    write_folds,
    write_split,
)
from keras_hanet.errors import InputError

BUSI_FOLDS = Path(keras_hanet.__file__).parent / "assets" / "busi_folds.json"


def make_samples(folder, num_groups=15, decode=True):
    """Two images a group; groups take turns benign, benign, malignant."""
    samples = []
    for number in range(2 * num_groups):
        group = number // 2
        path = folder / f"{number}.png"
        if decode:
            draw_image(path, number)
        diagnosis = "malignant" if group % 3 == 2 else "benign"
        samples.append(Sample(str(number), path, (), diagnosis, f"p{group}", f"g{group}", "drawn"))
    return samples


def ids(samples):
    return [sample.id for sample in samples]


def test_folds_hold_whole_groups_in_equal_shares():
    samples = make_samples(Path("nowhere"), decode=False)
    folds = make_folds(samples)
    assert sorted((sample.id for fold in folds for sample in fold), key=int) == ids(samples)
    # 15 groups, 10 benign and 5 malignant: two and one for each of five folds.
    for fold in folds:
        assert Counter(sample.diagnosis for sample in fold) == {"benign": 4, "malignant": 2}
        assert len({sample.group for sample in fold}) == 3
        assert ids(fold) == sorted(ids(fold), key=int)


def test_the_seed_decides():
    samples = make_samples(Path("nowhere"), decode=False)
    assert make_folds(samples, seed=3) == make_folds(samples, seed=3)
    assert make_folds(samples, seed=3) != make_folds(samples, seed=4)


def test_groups_of_two_data_sets_are_different_groups():
    first = make_samples(Path("nowhere"), num_groups=2, decode=False)
    second = [replace(sample, source="other") for sample in first]
    with pytest.raises(InputError):
        make_folds(first, num_folds=3)
    assert len(make_folds(first + second, num_folds=3)) == 3


def test_a_rare_or_unknown_diagnosis_is_no_fault():
    samples = make_samples(Path("nowhere"), decode=False)
    samples[0] = replace(samples[0], diagnosis="normal")
    assert len(make_folds(samples)) == 5
    assert len(make_folds([replace(sample, diagnosis=None) for sample in samples])) == 5


@pytest.mark.parametrize(("num_groups", "num_folds"), [(4, 5), (15, 1), (0, 2)])
def test_too_few_groups_are_refused(num_groups, num_folds):
    samples = make_samples(Path("nowhere"), num_groups, decode=False)
    with pytest.raises(InputError, match=f"in {num_groups} groups"):
        make_folds(samples, num_folds)


def test_the_next_fold_validates(tmp_path):
    samples = make_samples(tmp_path)
    folds = make_folds(samples, 5, 0)
    split = grouped_split(samples, 4)
    assert ids(split.test) == ids(folds[4])
    assert ids(split.validation) == ids(folds[0])
    assert sorted(ids(split.train)) == sorted(ids(folds[1] + folds[2] + folds[3]))
    assert split.name == "grouped 5-fold, seed 0, test fold 4"


@pytest.mark.parametrize(("fold", "num_folds"), [(5, 5), (-1, 5), (0, 2)])
def test_a_fold_that_is_not_there_is_refused(tmp_path, fold, num_folds):
    with pytest.raises(InputError, match=rf"test fold in 0..{num_folds - 1}"):
        grouped_split(make_samples(tmp_path), fold, num_folds)


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
    samples = make_samples(tmp_path)
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


def test_an_unknown_patient_is_nobodys_twin(tmp_path):
    first, second, third = [replace(sample, patient=None) for sample in make_samples(tmp_path)[::2][:3]]
    check_disjoint(Split((first,), (second,), (third,), "by hand"))


def test_the_hash_is_of_the_pixels_and_the_shape(tmp_path):
    sample = make_samples(tmp_path, 1)[0]
    expected = hashlib.sha256(b"1 2 3 " + bytes([0, 0, 0, 255, 255, 255])).hexdigest()
    for name, pixels in (("a.png", [[0, 255]]), ("a.bmp", [[[0] * 3, [255] * 3]])):
        save(tmp_path / name, pixels)
        assert image_sha256(replace(sample, image=tmp_path / name)) == expected
    save(tmp_path / "high.png", [[0], [255]])
    assert image_sha256(replace(sample, image=tmp_path / "high.png")) != expected


def test_a_changed_file_has_a_new_hash(tmp_path):
    sample = make_samples(tmp_path, 1)[0]
    before = image_sha256(sample)
    draw_image(sample.image, 99)
    os.utime(sample.image, ns=(1, 1))
    assert image_sha256(sample) != before
    sample.image.unlink()
    with pytest.raises(InputError, match="no such file"):
        image_sha256(sample)


def test_a_split_comes_back_as_it_was_written(tmp_path):
    samples = make_samples(tmp_path)
    split = grouped_split(samples, 2)
    write_split(tmp_path / "split.json", split)
    assert read_split(tmp_path / "split.json", samples) == split
    content = json.loads((tmp_path / "split.json").read_text())
    assert content["name"] == split.name
    assert list(content["parts"]) == list(PARTS)
    assert content["parts"]["test"][split.test[0].id] == image_sha256(split.test[0])


def test_a_split_of_other_data_is_refused(tmp_path):
    samples = make_samples(tmp_path)
    split = grouped_split(samples, 2)
    write_split(tmp_path / "split.json", split)
    with pytest.raises(InputError, match=f"{split.train[0].id} is not among the images"):
        read_split(tmp_path / "split.json", [s for s in samples if s != split.train[0]])
    changed = split.test[1]
    pixels = np.asarray(Image.open(changed.image)).copy()
    pixels[0, 0] += 1
    save(changed.image, pixels)
    with pytest.raises(InputError, match=f"{changed.id} has other pixels"):
        read_split(tmp_path / "split.json", samples)


def test_a_split_file_that_leaks_is_refused(tmp_path):
    samples = make_samples(tmp_path)
    write_split(tmp_path / "split.json", Split((samples[0],), (samples[1],), (samples[2],), "parts a group"))
    with pytest.raises(InputError, match=r"train \(0\) and validation \(1\) share the same group"):
        read_split(tmp_path / "split.json", samples)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": "a", "parts": {"train": {}}}', '{"parts": {}}', '{"folds": {}}']
)
def test_files_that_are_none_of_ours_are_refused(tmp_path, text):
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(InputError, match=r"make (it|the file) again"):
        read_split(tmp_path / "split.json", [])
    with pytest.raises(InputError, match="make it again"):
        read_folds(tmp_path / "split.json", [])
    with pytest.raises(InputError, match="no such file"):
        read_split(tmp_path / "absent.json", [])


def test_lists_in_place_of_hashes_are_refused(tmp_path):
    (tmp_path / "folds.json").write_text('{"folds": [["a"]]}')
    with pytest.raises(InputError, match="image ids with their SHA-256"):
        read_folds(tmp_path / "folds.json", [])


def test_two_images_of_one_name_cannot_be_written(tmp_path):
    first, second = make_samples(tmp_path, 1)
    second = replace(second, id="0", source="other")
    with pytest.raises(InputError, match="got '0' more than once"):
        write_folds(tmp_path / "folds.json", [[first, second]])
    with pytest.raises(InputError, match="got '0' more than once"):
        write_split(tmp_path / "s.json", Split((first,), (second,), (), "two"))


def test_folds_come_back_as_they_were_written(tmp_path):
    samples = make_samples(tmp_path)
    folds = make_folds(samples, 3)
    write_folds(tmp_path / "folds.json", folds)
    assert read_folds(tmp_path / "folds.json", samples) == folds


def test_the_committed_folds_name_each_image_of_busi_once():
    folds = json.loads(BUSI_FOLDS.read_text())["folds"]
    names = [name for fold in folds for name in fold]
    assert [len(fold) for fold in folds] == [157, 156, 156, 155, 156]
    assert Counter(name.split()[0] for name in names) == {"benign": 437, "malignant": 210, "normal": 133}
    assert len(set(names)) == 780


def test_busi_is_parted_as_committed():
    samples = busi.read(real_data("busi"))
    folds = make_folds(samples, num_folds=5, seed=0)
    assert read_folds(BUSI_FOLDS, samples) == folds
    counts = [Counter(sample.diagnosis for sample in fold) for fold in folds]
    assert {count["benign"] for count in counts} == {87, 88}
    assert {count["malignant"] for count in counts} == {42}
    assert {count["normal"] for count in counts} == {26, 27}
    folds_of_group = Counter(group for fold in folds for group in {sample.group for sample in fold})
    assert set(folds_of_group.values()) == {1}


def test_busi_and_busbra_split_without_a_leak():
    split = grouped_split(busi.read(real_data("busi")), 0)
    assert [len(getattr(split, part)) for part in PARTS] == [467, 156, 157]
    split = official_split(busbra.read(real_data("busbra")), 3)
    assert [len(getattr(split, part)) for part in PARTS] == [598, 150, 366]
