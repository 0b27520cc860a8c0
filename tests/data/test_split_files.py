import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from layouts import draw_samples, real_data, save
from PIL import Image

import keras_hanet
from keras_hanet.data import busi
from keras_hanet.data.leaky_splits import random_split
from keras_hanet.data.split_files import keep_unseen, read_folds, read_split, write_folds, write_split
from keras_hanet.data.splits import PARTS, Split, grouped_split, image_sha256, make_folds
from keras_hanet.errors import InputError

BUSI_FOLDS = Path(keras_hanet.__file__).parent / "assets" / "busi_folds.json"


def test_a_split_comes_back_as_it_was_written(tmp_path):
    samples = draw_samples(tmp_path)
    split = grouped_split(samples, 2)
    write_split(tmp_path / "split.json", split)
    assert read_split(tmp_path / "split.json", samples) == split
    content = json.loads((tmp_path / "split.json").read_text())
    assert content["name"] == split.name
    assert content["leaks"] is False
    assert list(content["parts"]) == list(PARTS)
    assert content["parts"]["test"][split.test[0].id] == image_sha256(split.test[0])


def test_a_split_of_other_data_is_refused(tmp_path):
    samples = draw_samples(tmp_path)
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
    samples = draw_samples(tmp_path)
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
    first, second = draw_samples(tmp_path, 1)
    second = replace(second, id="0", source="other")
    with pytest.raises(InputError, match="got '0' more than once"):
        write_folds(tmp_path / "folds.json", [[first, second]])
    with pytest.raises(InputError, match="got '0' more than once"):
        write_split(tmp_path / "s.json", Split((first,), (second,), (), "two"))


def test_folds_come_back_as_they_were_written(tmp_path):
    samples = draw_samples(tmp_path)
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


def test_a_split_that_was_made_to_leak_says_so_in_its_file(tmp_path):
    samples = draw_samples(tmp_path)
    split = random_split(samples, 0, num_folds=3)
    write_split(tmp_path / "split.json", split)
    assert json.loads((tmp_path / "split.json").read_text())["leaks"] is True
    assert read_split(tmp_path / "split.json", samples) == split


def test_images_of_further_data_sets_come_back_where_they_are_given(tmp_path):
    samples = draw_samples(tmp_path)
    split = Split((samples[0],), (samples[2],), (samples[4],), "by hand", extra=(samples[6],))
    write_split(tmp_path / "split.json", split)
    assert read_split(tmp_path / "split.json", samples, samples) == split
    assert read_split(tmp_path / "split.json", samples) == replace(split, extra=())
    with pytest.raises(InputError, match=f"{samples[6].id} is not among the images"):
        read_split(tmp_path / "split.json", samples, samples[:6])


def test_images_of_further_data_sets_were_seen(tmp_path):
    samples = draw_samples(tmp_path)
    split = Split((samples[0],), (samples[2],), (samples[4],), "by hand", extra=(samples[6],))
    write_split(tmp_path / "split.json", split)
    left = keep_unseen(tmp_path / "split.json", samples)
    groups = {samples[index].group for index in (0, 2, 6)}
    assert left == [sample for sample in samples if sample.group not in groups]


@pytest.mark.parametrize(
    "change",
    [
        {"parts": {"train": [], "validation": {}, "test": {}}},
        {"parts": {"train": {"a": ["0"]}, "validation": {}, "test": {}}},
        {"extra": "abc"},
        {"extra": {"a": {}}},
        {"leaks": 1},
        {"leaks": None},
    ],
)
@pytest.mark.parametrize("read", [read_split, keep_unseen])
def test_split_of_other_values_is_refused(read, change, tmp_path):
    sound = {"name": "grouped", "leaks": False, "parts": {"train": {}, "validation": {}, "test": {}}, "extra": {}}
    path = tmp_path / "split.json"
    path.write_text(json.dumps(sound))
    read(path, [])
    path.write_text(json.dumps({**sound, **change}))
    with pytest.raises(InputError, match=r"split\.json: expected .*; make the file again"):
        read(path, [])
