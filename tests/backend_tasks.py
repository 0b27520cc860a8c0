"""Tasks for a process of its own, under the backend that KERAS_BACKEND names: `backend_tasks.py TASK ARGUMENTS`."""

import os
import sys


class _Refuse:
    """Makes TensorFlow look as if it was not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def predict(encoder, weights, images, out):
    """Probabilities of a network with saved weights, for images in a .npy file."""
    import numpy as np

    from keras_hanet.inference import keras_probabilities
    from keras_hanet.models.config import HANetConfig
    from keras_hanet.models.ha_net import build_ha_net

    model = build_ha_net(HANetConfig(encoder=encoder, size=64))
    model.load_weights(weights)
    np.save(out, keras_probabilities(model, np.load(images)))


def predict_peers(folder):
    """Logits of the small peers whose weights lie in a folder, NAME.weights.h5, for its images.npy."""
    from pathlib import Path

    import numpy as np

    from keras_hanet.models.config import HANetConfig
    from keras_hanet.models.networks import build_network

    images = np.load(Path(folder) / "images.npy")
    for path in Path(folder).glob("*.weights.h5"):
        name = path.name.split(".")[0]
        model = build_network(HANetConfig(architecture=name, base_filters=8, size=32))
        model.load_weights(path)
        np.save(Path(folder) / f"{name}.npy", model.predict_on_batch(images))


def train(data, run_dir):
    """A whole run of one epoch with the tiny network: layers, losses, data, models and training."""
    import keras
    from helpers import apply_tiny_encoder, tiny_config

    from keras_hanet.models.encoders import ENCODERS
    from keras_hanet.training import trainer

    ENCODERS["efficientnet_lite0"] = apply_tiny_encoder
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
    trainer.train(tiny_config(data), run_dir, "train", say=lambda line: None)


if __name__ == "__main__":
    if os.environ["KERAS_BACKEND"] != "tensorflow":
        sys.meta_path.insert(0, _Refuse())
    {"predict": predict, "predict_peers": predict_peers, "train": train}[sys.argv[1]](*sys.argv[2:])
    assert ("tensorflow" in sys.modules) == (os.environ["KERAS_BACKEND"] == "tensorflow")
