"""What ships is whole, says what its facts say, works offline in a bare install, and segments."""

from pathlib import Path

import numpy as np
import pytest
from layouts import real_data

import keras_hanet
from keras_hanet.checksums import check_checksums
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor, load_keras_model
from keras_hanet.metrics import confusion, dice
from keras_hanet.models.weights import CARD, FOLDERS, installed_models, read_facts
from keras_hanet.reports.model_card import format_card

PACKAGE = Path(keras_hanet.__file__).parent
NAMES = installed_models()
LARGEST_FILE_BYTES = 20e6


def test_the_cart_model_comes_with_the_package():
    assert "cart" in NAMES
    assert FOLDERS["cart"].is_relative_to(PACKAGE)


@pytest.mark.parametrize("name", NAMES)
def test_card_is_what_the_facts_say_and_nothing_was_changed(name):
    folder = FOLDERS[name]
    check_checksums(folder)
    assert (folder / CARD).read_text() == format_card(read_facts(folder)), "python scripts/release_model.py NAME --card"
    assert max(path.stat().st_size for path in folder.rglob("*")) < LARGEST_FILE_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_the_int8_file_segments_as_the_weights_beside_it(name, samples):
    images = [load_sample(sample)[0] for sample in samples[:4]]
    exported, keras_model = Predictor(name), Predictor.from_keras(*load_keras_model(name))
    point = read_facts(FOLDERS[name])["operating_point"]
    assert exported.metadata.threshold == keras_model.metadata.threshold == point["threshold"]
    difference = exported.probabilities_at_s(images) - keras_model.probabilities_at_s(images)
    assert np.abs(difference).mean() < 0.02, "measured 0.00x; random weights give 0.5"


def test_the_cart_model_finds_lesions_it_has_never_seen(samples):
    """Phantoms are no ultrasound: the bar is low, and a model that is broken does not reach it."""
    scored = [load_sample(sample) for sample in samples if sample.diagnosis != "normal"]
    predictor = Predictor("cart")
    found = [dice(confusion(mask, predictor.predict([image])[0].mask)) for image, mask in scored]
    assert np.mean(found) > 0.4


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "cart"
    folder.mkdir()
    for path in FOLDERS["cart"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setitem(FOLDERS, "cart", folder)
    weights = folder / "weights-1.npz"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    for load in (Predictor, load_keras_model):
        with pytest.raises(InputError, match=r"weights-1\.npz: expected the bytes that were exported"):
            load("cart")


def test_images_the_model_was_trained_on_are_not_scored():
    """The split beside the file names them; BUS-BRA's official fold 5 is left."""
    samples = read_samples(real_data("busbra"))[1]
    unseen = keep_unseen(FOLDERS["cart"] / "split.json", samples)
    assert {sample.official_fold for sample in unseen} == {5}
    assert keep_unseen(FOLDERS["cart"] / "split.json", read_samples(real_data("busi"))[1]) == []
