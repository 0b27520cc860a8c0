"""Weights of shipped models: what comes back is what was written, rounded to float16, and nothing less is taken."""

import json

import keras
import numpy as np
import pytest
from helpers import randomise

from keras_hanet.errors import InputError
from keras_hanet.models import weights
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net

CONFIG = HANetConfig(encoder="efficientnet_lite0", size=64, decoder_filters=(8, 8, 8, 8, 8))


class Runs:
    """Unpickled, it prints."""

    def __reduce__(self):
        return print, ("it runs",)


@pytest.fixture(scope="module")
def network():
    model = build_ha_net(CONFIG)
    randomise(model)
    return model


def numbers(model):
    return {v.path: keras.ops.convert_to_numpy(v) for v in model.variables if "seed_generator" not in v.path}


@pytest.mark.parametrize("shard_bytes", [16 * 2**20, 2**20])
def test_weights_come_back_rounded_to_float16(network, shard_bytes, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "SHARD_BYTES", shard_bytes)
    weights.write_weights(network, tmp_path)
    sizes = [path.stat().st_size for path in tmp_path.glob("weights-*.npz")]
    assert (len(sizes) > 1) == (shard_bytes == 2**20)
    assert max(sizes) < shard_bytes + 2**18, "the arrays and their names"
    other = build_ha_net(CONFIG)
    weights.load_weights(other, tmp_path)
    expected = numbers(network)
    assert len(expected) > 250
    for path, value in numbers(other).items():
        np.testing.assert_array_equal(value, expected[path].astype(np.float16).astype(np.float32), err_msg=path)


def test_the_same_weights_give_the_same_bytes(network, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        weights.write_weights(network, tmp_path / name)
    assert (tmp_path / "one/weights-1.npz").read_bytes() == (tmp_path / "two/weights-1.npz").read_bytes()


def test_another_network_is_refused(network, tmp_path):
    weights.write_weights(network, tmp_path)
    wider = build_ha_net(HANetConfig(encoder="efficientnet_lite0", size=64, decoder_filters=(16, 8, 8, 8, 8)))
    with pytest.raises(InputError, match="its weights have no fitting decoder_4_conv"):
        weights.load_weights(wider, tmp_path)


def test_a_weight_that_does_not_fit_is_refused(network, tmp_path):
    model = build_ha_net(CONFIG)
    model.get_layer("segmentation").weights[1].assign([7e4])
    with pytest.raises(ValueError, match="segmentation/bias does not fit into float16"):
        weights.write_weights(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_no_name(monkeypatch, tmp_path):
    monkeypatch.setitem(weights.FOLDERS, "cart", tmp_path)
    assert weights.shipped_folder("./cart") is None
    assert weights.shipped_folder(tmp_path / "cart") is None


def test_a_model_that_is_not_in_this_install_is_said_to_be_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setitem(weights.FOLDERS, "densenet121-scratch", tmp_path)
    with pytest.raises(InputError, match="its weights lie in saved_models/densenet121-scratch of the repository"):
        weights.shipped_folder("densenet121-scratch")
    assert "densenet121-scratch" not in weights.installed_models()
    (tmp_path / weights.FACTS).write_text(json.dumps({"title": "a"}))
    assert weights.shipped_folder("densenet121-scratch") == tmp_path
    assert "densenet121-scratch" in weights.installed_models()
    assert weights.read_facts(tmp_path) == {"title": "a"}


@pytest.mark.parametrize("text", [None, "", "{"])
def test_facts_that_cannot_be_read_are_refused(text, tmp_path):
    if text is not None:
        (tmp_path / weights.FACTS).write_text(text)
    with pytest.raises(InputError, match=r"facts\.json"):
        weights.read_facts(tmp_path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b"no archive"), "the weights cannot be read"),
        (lambda path: np.savez(path, a=np.array([Runs()], object)), "the weights cannot be read .*allow_pickle=False"),
        (lambda path: np.savez_compressed(path, a=np.zeros(10**7)), "they are packed"),
        (lambda path: np.savez(path), "its weights have no fitting"),
    ],
)
def test_weights_of_a_stranger_are_refused_and_nothing_runs(write, message, network, tmp_path, capsys):
    write(tmp_path / "weights-1.npz")
    with pytest.raises(InputError, match=message):
        weights.load_weights(network, tmp_path)
    assert "it runs" not in capsys.readouterr().out


@pytest.mark.parametrize("value", [np.float16("nan"), np.float32(1)])
def test_weights_that_are_no_finite_float16_are_refused(value, network, tmp_path):
    stored = {path: np.full(number.shape, value) for path, number in numbers(network).items()}
    np.savez(tmp_path / "weights-1.npz", **stored)
    with pytest.raises(InputError, match="is not finite float16"):
        weights.load_weights(network, tmp_path)
