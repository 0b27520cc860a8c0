"""Train a tiny network on several devices, in a process of its own: `train_together.py JSON`.

JSON: {"data", "run_dir"}, and what is wanted of "devices", "processes" ([HOST:PORT, how many, which]), "storage",
"kill_at" (epoch of a sudden end), "config" (fields of the configuration), "resume".
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(task):
    import keras
    from helpers import apply_tiny_encoder, tiny_config

    from keras_hanet.data import pipeline
    from keras_hanet.models.encoders import ENCODERS
    from keras_hanet.training import processes as together
    from keras_hanet.training.distribution import choose_devices
    from keras_hanet.training.trainer import train

    class Killed(pipeline.SegmentationBatches):
        def __getitem__(self, index):
            if self.shuffle and self.epoch == task["kill_at"] and index == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__getitem__(index)

    def encoder(image):
        """The tiny encoder with a batch normalisation after its first level."""
        features = apply_tiny_encoder(image)
        features["P1"] = keras.layers.BatchNormalization(name="tiny_bn")(features["P1"])
        return features

    if "kill_at" in task:
        pipeline.SegmentationBatches = Killed
    together.START_TIMEOUT_S = task.get("start_timeout_s", 60)
    ENCODERS["efficientnet_lite0"] = encoder
    processes = together.Processes(*task["processes"]) if "processes" in task else None
    config = tiny_config(task["data"], **{"epochs": 3, **task.get("config", {})})
    with together.joined(processes):
        devices = choose_devices(task.get("devices"), processes)
        train(
            config, task["run_dir"], "train", resume=task.get("resume", False), devices=devices,
            storage=task.get("storage", "auto"),
        )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
