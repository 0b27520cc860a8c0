"""A network of 300 weights that takes what is dark for lesion, and a finished run of it: made, not trained."""

import keras
import numpy as np

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import write_split
from keras_hanet.data.splits import grouped_split
from keras_hanet.files import write_json
from keras_hanet.metadata import Metadata
from keras_hanet.training.config import TrainConfig, to_dict

SIZE = 64
METADATA = Metadata(SIZE, 0.4, 0.002, "what is dark is lesion")
# Red counts most, so that swapped channels are seen.
_COLOUR = np.array([0.7, 0.2, 0.1], np.float32)


def make_small_model(num_classes=0, scale=1.0, channels=(0, 1, 2), kernel_factor=1.0):
    """Logit = 16 (0.32 - weighted brightness, blurred).

    Args:
        num_classes: outputs of a diagnosis head; 0 for none.
        scale: of the input, a damage if it is not 1.
        channels: order of the input's channels, a damage if it is not 0, 1, 2.
        kernel_factor: of one kernel, a damage if it is not 1.
    """
    image = keras.Input((SIZE, SIZE, 3), name="image")
    x = keras.layers.Rescaling(scale / 255)(image)
    blur = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    pool = keras.layers.AveragePooling2D(2)
    depthwise = keras.layers.DepthwiseConv2D(3, padding="same")
    up = keras.layers.UpSampling2D(interpolation="bilinear")
    last = keras.layers.Conv2D(1, 1, name="segmentation")
    features = up(depthwise(pool(blur(x))))
    logits = last(features)
    outputs = logits
    if num_classes:
        pooled = keras.layers.GlobalAveragePooling2D()(features)
        diagnosis = keras.layers.Dense(num_classes, name="diagnosis")
        outputs = {"segmentation": logits, "diagnosis": diagnosis(pooled)}
    model = keras.Model(image, outputs)
    strengths = np.array([0.7, 0.9, 1.1, 1.3], np.float32)
    box = np.ones((3, 3), np.float32) / 9
    colours = np.repeat(_COLOUR[list(channels), None], 4, axis=1) * kernel_factor
    blur.set_weights([box[:, :, None, None] * colours, np.zeros(4, np.float32)])
    depthwise.set_weights([box[:, :, None, None] * strengths[:, None], np.zeros(4, np.float32)])
    last.set_weights([np.full((1, 1, 4, 1), -16 / strengths.sum(), np.float32), np.array([16 * 0.32], np.float32)])
    return model


def write_small_run(folder, data, model=None):
    """Write the folder of a finished run on a data set: all that an export reads of it."""
    samples = read_samples(data)[1]
    config = TrainConfig(data=str(data))
    folder.mkdir(parents=True)
    (model or make_small_model()).save(folder / "model.keras")
    write_json(folder / "metadata.json", vars(METADATA))
    write_json(folder / "config.json", {"format": 1, "command": "hanet train", **to_dict(config)})
    write_split(folder / "split.json", grouped_split(samples, 0))
    interval = {"mean": 0.5, "ci95": [0.4, 0.6]}
    write_json(
        folder / "summary.json",
        {
            "lesion": {"num": 4, "missed": 1, "dice": interval, "jaccard": interval},
            "normal": {"num": 1, "false_alarm_rate": {"mean": 0.0, "ci95": None}},
            "split": "grouped",
        },
    )
    return folder
