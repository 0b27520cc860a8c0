"""The same weights give the same probabilities under TensorFlow and JAX, and JAX trains without TensorFlow."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_hanet.data.preprocessing import load_sample
from keras_hanet.inference import Predictor, keras_probabilities
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.encoders import load_encoder_weights
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.models.networks import build_network

SCRIPT = Path(__file__).with_name("backend_tasks.py")


def run(backend, *arguments):
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert result.returncode == 0, result.stderr[-3000:]


def use_statistics_of(model, images):
    """Set batch normalisations that know no data to a batch: without, the signal dies on its way."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0 if np.all(layer.get_weights()[2] == 0) else 1.0
    model(images, training=True)


# Measured without and with AVX512: 8e-7 (EfficientNet-Lite0); 1.02e-5 and 5e-6 (DenseNet121, random weights).
@pytest.mark.parametrize(
    ("encoder", "largest"),
    [("efficientnet_lite0", 1e-5), pytest.param("densenet121", 5e-5, marks=pytest.mark.slow)],
)
def test_same_probabilities_under_tensorflow_and_jax(encoder, largest, tmp_path):
    keras.utils.set_random_seed(0)
    model = build_ha_net(HANetConfig(encoder=encoder, size=64))
    for name in ("lambda_1", "lambda_2"):
        model.get_layer(name).weights[0].assign(1.0)
    load_encoder_weights(model, encoder, "imagenet" if encoder == "efficientnet_lite0" else "none")
    images = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    use_statistics_of(model, images)
    model.save_weights(tmp_path / "model.weights.h5")
    np.save(tmp_path / "images.npy", images)
    other = "jax" if keras.backend.backend() == "tensorflow" else "tensorflow"
    run(other, "predict", encoder, tmp_path / "model.weights.h5", tmp_path / "images.npy", tmp_path / "out.npy")
    here, there = keras_probabilities(model, images), np.load(tmp_path / "out.npy")
    assert here.shape == (2, 64, 64)
    assert here.std() > 0.05, "probabilities that are all alike would agree whatever the network"
    assert np.abs(here - there).max() < largest


@pytest.mark.slow
def test_peers_have_the_same_logits_under_tensorflow_and_jax(tmp_path):
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    np.save(tmp_path / "images.npy", images)
    expected = {}
    for name in ("attention_unet", "segresnet", "uesa_net"):  # a U-Net is in the first
        model = build_network(HANetConfig(architecture=name, base_filters=8, size=32))
        use_statistics_of(model, images)
        model.save_weights(tmp_path / f"{name}.weights.h5")
        expected[name] = model.predict_on_batch(images)
    run("jax" if keras.backend.backend() == "tensorflow" else "tensorflow", "predict_peers", tmp_path)
    for name, here in expected.items():
        assert here.std() > 0.1, "logits that are all alike would agree whatever the network"
        there = np.load(tmp_path / f"{name}.npy")
        # Measured on a CPU, in standard deviations: 4.3e-5 (Attention U-Net), 3.9e-6, 3.7e-6.
        assert np.abs(here - there).max() < 2e-4 * here.std()


def test_jax_trains_where_there_is_no_tensorflow_and_its_model_loads_here(phantoms, samples, tmp_path):
    run("jax", "train", phantoms, tmp_path / "run")
    with (tmp_path / "run" / "history.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert np.isfinite(float(row["loss"]))
    assert list((tmp_path / "run" / "tensorboard").iterdir())

    image, _ = load_sample(samples[0])
    [prediction] = Predictor(tmp_path / "run").predict([image])
    assert prediction.mask.shape == image.shape[:2]
