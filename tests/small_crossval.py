"""A finished cross-validation of a network that takes what is dark for lesion: made, not trained."""

import numpy as np
from layouts import save
from small_model import METADATA, make_small_model

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.split_files import write_split
from keras_hanet.data.splits import grouped_split
from keras_hanet.files import write_json
from keras_hanet.training.config import TrainConfig, to_dict

NUM_FOLDS = 3


def draw_scans(folder, num_lesions=45, num_normals=12, seed=0):
    """A data set in the layout of BUSI: dark discs on grey, one in five so faint that it is missed; normals have none.

    One in four of the normals has a dark spot, which is a false alarm.
    """
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[:96, :128]
    for diagnosis, num in (("benign", num_lesions), ("normal", num_normals)):
        for number in range(1, num + 1):
            image = rng.normal(150, 12, (96, 128))
            y, x, radius = rng.integers(35, 60), rng.integers(40, 90), rng.integers(14, 24)
            mask = np.hypot(rows - y, columns - x) < radius
            if diagnosis == "benign":
                image[mask] = rng.normal(148 if number % 5 == 0 else 20, 5, mask.sum())
            elif number % 4 == 0:
                image[np.hypot(rows - y, columns - x) < 9] = 55
            place = folder / diagnosis / f"{diagnosis} ({number})"
            save(place.with_name(f"{place.name}.png"), np.clip(image, 0, 255).astype(np.uint8))
            save(place.with_name(f"{place.name}_mask.png"), 255 * (mask & (diagnosis == "benign")).astype(np.uint8))
    return folder


def write_crossval(folder, data):
    """The run folders of every fold, as `hanet crossval` leaves them; returns the folder."""
    samples = read_samples(data)[1]
    for fold in range(NUM_FOLDS):
        run = folder / "ha_net" / f"fold-{fold}"
        run.mkdir(parents=True)
        make_small_model().save(run / "model.keras")
        config = TrainConfig(data=str(data), fold=fold, num_folds=NUM_FOLDS)
        write_json(run / "metadata.json", vars(METADATA))
        write_json(run / "config.json", {"format": 1, "command": "hanet crossval", **to_dict(config)})
        write_split(run / "split.json", grouped_split(samples, fold, NUM_FOLDS))
    return folder
