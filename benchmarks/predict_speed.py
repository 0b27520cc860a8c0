"""`hanet predict` on a folder of 100 phantoms: images a second, and the share of the time that is not the network.

The model is loaded and has predicted a batch before the clock starts. What is timed is the whole
rest of the command: finding, reading and decoding files, resizing, threshold, measures, overlays,
writing PNGs and the table.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
from rows import markdown_table, report

from keras_hanet.cli import predict
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

NUM_IMAGES = 100
ENCODERS = ("densenet121", "efficientnet_lite0")


class TimedPredictor(Predictor):
    """A predictor that adds up the seconds its network takes."""

    network_seconds = 0.0

    def _set(self, probabilities_at_s, diagnoses, metadata):
        def timed(images):
            start = time.perf_counter()
            probabilities = probabilities_at_s(images)
            self.network_seconds += time.perf_counter() - start
            return probabilities

        super()._set(timed, diagnoses, metadata)


def random_predictor(encoder):
    """A network with random weights: it outlines more and rougher regions than a trained one."""
    from keras_hanet.models.config import HANetConfig
    from keras_hanet.models.ha_net import build_ha_net

    model = build_ha_net(HANetConfig(encoder=encoder, encoder_weights="none"))
    metadata = Metadata(size=256, threshold=0.5, min_lesion_share=0.001, name=f"HA-Net({encoder}), random weights")
    return TimedPredictor.from_keras(model, metadata)


def time_predict(predictor, images, output):
    """Run `hanet predict` with a predictor that is loaded and warm.

    Returns:
        (seconds in all, seconds in the network).
    """
    blank = np.zeros((256, 256, 3), np.uint8)
    for num in {predict.BATCH_SIZE, NUM_IMAGES % predict.BATCH_SIZE} - {0}:
        predictor.predict([blank] * num)
    predictor.network_seconds = 0.0
    parser = argparse.ArgumentParser()
    predict.add_arguments(parser)
    command = parser.parse_args([str(images), "--model", "unused", "--output", str(output)])
    with mock.patch.object(predict, "Predictor", return_value=predictor):
        start = time.perf_counter()
        predict.run(command)
        return time.perf_counter() - start, predictor.network_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", metavar="DIR", help="run folder (default: both encoders with random weights)")
    parser.add_argument("--write", action="store_true", help="keep the table in results/")
    arguments = parser.parse_args()

    loaded = [TimedPredictor(arguments.model)] if arguments.model else map(random_predictor, ENCODERS)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        images = write_phantoms(Path(folder) / "phantoms", num=NUM_IMAGES)
        for number, predictor in enumerate(loaded):
            runs = [time_predict(predictor, images, Path(folder) / f"predictions-{number}-{run}") for run in range(3)]
            total, network = min(runs)
            speeds = [f"{NUM_IMAGES / seconds:.1f}" for seconds in (total, network)]
            rows.append([predictor.metadata.name, *speeds, f"{1 - network / total:.0%}"])
    header = ["model", "images/s", "images/s of the network alone", "time outside the network"]
    report("predict_speed", markdown_table(header, rows), arguments.write)


main()
