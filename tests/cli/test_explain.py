import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from helpers import tiny_config
from layouts import save
from PIL import Image

from keras_hanet.cli.explain import load_pair
from keras_hanet.errors import InputError
from keras_hanet.files import write_json
from keras_hanet.metadata import Metadata
from keras_hanet.models.ha_net import build_ha_net


@pytest.fixture
def run_dir(tmp_path, tiny_network):
    return save_run(tmp_path / "run", feature_enhancement="space")


def save_run(folder, **switches):
    folder.mkdir()
    build_ha_net(replace(tiny_config().model, **switches)).save(folder / "model.keras")
    write_json(folder / "metadata.json", vars(Metadata(64, 0.5, 0.0, "tiny")))
    return folder


def test_sheets_and_numbers_of_a_folder_and_again(tmp_path, run_dir, phantoms, hanet):
    folder, output = tmp_path / "images", tmp_path / "images" / "explanations"
    folder.mkdir()
    for name in ("benign (1).png", "benign (1)_mask.png", "benign (2).png"):
        shutil.copy(phantoms / "benign" / name, folder)
    for _ in range(2):
        done = hanet("explain", folder, "--model", run_dir, "--output", output)
        assert done.code == 0, done.err
        assert sorted(path.name for path in (output / "sheets").iterdir()) == ["benign (1).png", "benign (2).png"]
    sheet = np.asarray(Image.open(output / "sheets" / "benign (1).png"))
    assert sheet.shape[1] > 900
    content = json.loads((output / "explain.json").read_text())
    first, second = (content["images"][f"benign ({number})"] for number in (1, 2))
    assert first["attention"]["TSA"]["lambda"] == 0, "untrained"
    assert set(first["enhancement"]) == {f"decoder_{level}_enhancement" for level in (1, 2, 3, 4)}
    assert first["dice"] is not None
    assert second["dice"] is None, "it has no reference"
    assert content["command"].startswith("hanet explain ")
    assert "Research use only" in content["intended_use"]
    assert done.out.startswith("benign (1)\n")
    assert f"2 sheets in {output / 'sheets'}" in done.err


def test_a_network_without_parts_to_show_is_refused(tmp_path, tiny_network, phantoms, refused):
    off = {"self_attention": "none", "position_encoding": "none", "spatial_attention": False}
    run = save_run(tmp_path / "plain", feature_enhancement="none", **off)
    image = phantoms / "benign" / "benign (1).png"
    refused("explain", image, "--model", run, "--output", tmp_path / "out", says=["tiny: expected an HA-Net with TSA"])
    assert not (tmp_path / "out").exists()


def test_images_and_models_that_are_not_there_are_refused(tmp_path, run_dir, phantoms, refused):
    refused("explain", tmp_path / "none.png", "--model", run_dir, says=[tmp_path / "none.png", "no such file"])
    image = phantoms / "benign" / "benign (1).png"
    refused("explain", image, "--model", tmp_path / "none", says=[tmp_path / "none", "a run folder"])


def test_the_reference_is_the_union_of_the_masks_of_that_name_only(tmp_path):
    save(tmp_path / "a (1).png", np.full((4, 6), 50))
    for name, column in (("a (1)_mask", 0), ("a (1)_mask_1", 1), ("a (10)_mask", 2), ("a (1)_mask_x", 3)):
        mask = np.zeros((4, 6))
        mask[:, column] = 255
        save(tmp_path / f"{name}.png", mask)
    image, mask = load_pair(tmp_path / "a (1).png")
    assert image.shape == (4, 6, 3)
    np.testing.assert_array_equal(mask, np.tile([1, 1, 0, 0, 0, 0], (4, 1)))
    save(tmp_path / "b.png", np.full((4, 6), 50))
    assert load_pair(tmp_path / "b.png")[1] is None
    save(tmp_path / "b_mask.png", np.zeros((6, 4)))
    with pytest.raises(InputError, match="expected a mask of its image's size"):
        load_pair(tmp_path / "b.png")
