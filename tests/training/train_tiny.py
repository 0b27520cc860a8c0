"""Train a tiny network in a process of its own: `train_tiny.py DATA RUN_DIR SCHEDULE whole|killed|resumed`."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers import apply_tiny_encoder, tiny_config

from keras_hanet.data.pipeline import SegmentationBatches
from keras_hanet.models.encoders import ENCODERS
from keras_hanet.training.trainer import train


class Killed(SegmentationBatches):
    """Batches that end the process, as nothing can catch, in the middle of the second epoch."""

    def __getitem__(self, index):
        if self.shuffle and self.epoch == 1 and index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


def main(data, run_dir, schedule, mode):
    ENCODERS["efficientnet_lite0"] = apply_tiny_encoder
    if mode == "killed":
        sys.modules["keras_hanet.data.pipeline"].SegmentationBatches = Killed
    # With a patience of one epoch the plateau's counters, too, must survive.
    config = tiny_config(data, epochs=4, schedule=schedule, plateau_patience=1)
    train(config, run_dir, "train", resume=mode == "resumed")


if __name__ == "__main__":
    main(*sys.argv[1:])
