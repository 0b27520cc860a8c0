"""What a run writes before its first step, and what it refuses."""

import json
import re
import shutil

import pytest
from helpers import tiny_config
from layouts import draw_folder

from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.errors import InputError
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import to_dict
from keras_hanet.training.run_folder import continue_run, read_run_config, start_run


def test_run_continues_with_the_same_split_and_command(phantoms, tmp_path):
    config, said = tiny_config(phantoms), []
    split = start_run(config, tmp_path / "run", "hanet train --seed 0", said.append)
    assert continue_run(config, tmp_path / "run", said.append) == (split, "hanet train --seed 0")
    assert read_run_config(tmp_path / "run") == config
    assert said[:2] == said[2:]
    assert said[1].startswith("grouped 5-fold, seed 0, test fold 0: ")


@pytest.mark.parametrize("part", ["train", "test"])
def test_bad_mask_in_any_part_is_found_first_and_leaves_no_folder(part, phantoms, tmp_path):
    data = shutil.copytree(phantoms, tmp_path / "data")
    split = start_run(tiny_config(data), tmp_path / "good", "hanet train", say=print)
    mask = getattr(split, part)[-1].masks[0]
    mask.write_bytes(b"no mask")
    with pytest.raises(InputError, match=re.escape(mask.name)):
        start_run(tiny_config(data), tmp_path / "bad", "hanet train", say=print)
    assert not (tmp_path / "bad").exists()


def test_without_data_there_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="data is missing: give --data"):
        start_run(tiny_config(None), tmp_path / "run", "hanet train", say=print)


def test_folder_that_is_not_empty_is_refused(phantoms, tmp_path):
    (tmp_path / "precious.txt").write_text("precious")
    with pytest.raises(InputError, match="exists and is not empty; give another --run-dir, or --resume"):
        start_run(tiny_config(phantoms), tmp_path, "hanet train", say=print)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_resume_of_a_folder_that_is_no_run_is_refused(phantoms, tmp_path):
    with pytest.raises(InputError, match=r"expected a run folder with a config\.json, found none"):
        continue_run(tiny_config(phantoms), tmp_path / "nowhere", say=print)


def test_resume_with_another_configuration_is_refused(phantoms, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"format": 1, **to_dict(tiny_config(phantoms))}))
    with pytest.raises(InputError, match=r"config\.json differs from the flags given"):
        continue_run(tiny_config(phantoms, seed=1), tmp_path, say=print)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 2}', "expected a run folder of format 1, got 2"),
        ("{}", "expected a run folder of format 1, got None"),
        ("[]", "expected a run folder of format 1, got None"),
        ("{", "expected JSON, the file is damaged"),
        ('{"format": 1, "command": ["hanet"]}', "expected the command as a text"),
        ('{"format": 1, "epoch": 3}', "there is no configuration key epoch"),
    ],
)
def test_run_of_another_version_is_refused(text, message, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_run_config(tmp_path)


def test_official_split_of_data_that_has_none_is_refused(phantoms, tmp_path):
    with pytest.raises(InputError, match=r"expected an official fold of the data set \(none\)"):
        start_run(tiny_config(phantoms, split="official"), tmp_path / "run", "hanet train", say=print)


def test_head_needs_the_diagnosis_of_every_image(tmp_path):
    data = draw_folder(tmp_path / "data")
    config = tiny_config(data, model=HANetConfig(encoder="efficientnet_lite0", num_classes=3))
    with pytest.raises(InputError, match=r"diagnosis of every image, .* have none .*; train without --classify"):
        start_run(config, tmp_path / "run", "hanet train", say=print)
    assert not (tmp_path / "run").exists()


def test_run_killed_before_it_had_a_configuration_begins_anew(phantoms, tmp_path):
    config = tiny_config(phantoms)
    expected = start_run(config, tmp_path / "run", "hanet train", say=print)
    (tmp_path / "run" / "config.json").unlink()
    assert start_run(config, tmp_path / "run", "hanet train", say=print) == expected


def test_further_data_sets_are_trained_on_and_a_run_continues_with_them(phantoms, tmp_path):
    more = write_phantoms(tmp_path / "more", num=5, seed=7)
    config, said = tiny_config(phantoms, extra_data=[str(more)]), []
    split = start_run(config, tmp_path / "run", "hanet train", said.append)
    assert {sample.image.parents[1] for sample in split.extra} == {more}
    assert len(split.extra) == 5
    assert said[-1].endswith(", 5 of further data sets for training")
    assert continue_run(config, tmp_path / "run", print) == (split, "hanet train")


def test_further_data_set_that_is_not_there_is_refused(phantoms, tmp_path):
    with pytest.raises(InputError, match="nowhere: expected the folder of a data set, found nothing"):
        start_run(tiny_config(phantoms, extra_data=["nowhere"]), tmp_path / "run", "hanet train", say=print)
