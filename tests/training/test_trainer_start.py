"""Where a training starts and which epoch it keeps."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from helpers import apply_tiny_encoder, tiny_config

from keras_hanet.errors import InputError
from keras_hanet.models.encoders import ENCODERS
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.training import trainer


@pytest.fixture(scope="module")
def earlier(phantoms, tmp_path_factory):
    """Folder of a finished run on fold 0 of the phantoms."""
    folder = tmp_path_factory.mktemp("earlier") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENCODERS, "efficientnet_lite0", apply_tiny_encoder)
        trainer.train(tiny_config(phantoms), folder, "hanet train", say=lambda line: None)
    return folder


def test_a_run_starts_from_the_weights_of_another(earlier, phantoms, tiny_network, tmp_path, monkeypatch):
    config = tiny_config(phantoms, initial_weights=str(earlier))
    given = []

    def stop(model, *rest, **keywords):
        given.append(model)
        raise InputError("far enough")

    monkeypatch.setattr(trainer, "fit", stop)
    with pytest.raises(InputError, match="far enough"):
        trainer.train(config, tmp_path / "run", "hanet train", say=lambda line: None)
    saved = keras.saving.load_model(earlier / "model.keras", compile=False)
    for value, expected in zip(given[0].get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_initial_weights_of_another_network_are_refused(earlier, phantoms, tiny_network, tmp_path):
    model = replace(tiny_config().model, decoder_filters=(16, 8, 8, 8, 8))
    config = tiny_config(phantoms, initial_weights=str(earlier), model=model)
    with pytest.raises(InputError, match="holds another network; give a run with the same network"):
        trainer.train(config, tmp_path / "run", "hanet train", say=lambda line: None)


def test_initial_weights_that_have_seen_what_is_held_out_are_refused(earlier, phantoms, tmp_path):
    config = tiny_config(phantoms, initial_weights=str(earlier), fold=2)
    with pytest.raises(InputError, match=r"that run has seen \d+ images of the validation or the test part"):
        trainer.train(config, tmp_path / "run", "hanet train", say=lambda line: None)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kept", ["best", "last"])
def test_weights_of_the_epoch_that_was_asked_for_are_kept(kept, phantoms, tiny_network, tmp_path, monkeypatch):
    scores = iter([0.9, 0.1])
    on_epoch_end = trainer.Checkpoint.on_epoch_end

    def falling(checkpoint, epoch, logs):
        on_epoch_end(checkpoint, epoch, {**logs, "val_score": next(scores)})

    monkeypatch.setattr(trainer.Checkpoint, "on_epoch_end", falling)
    config = tiny_config(phantoms, epochs=2, kept_epoch=kept)
    trainer.train(config, tmp_path / "run", "hanet train", say=lambda line: None)
    model = trainer.fuse_batch_norm(build_ha_net(config.model))
    model.load_weights(tmp_path / "run" / "checkpoint" / "epoch-2.weights.h5")
    last = model.get_weights()
    kept_weights = keras.saving.load_model(tmp_path / "run" / "model.keras", compile=False).get_weights()
    same = all(np.array_equal(one, other) for one, other in zip(last, kept_weights, strict=True))
    assert same == (kept == "last")
