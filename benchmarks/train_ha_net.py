"""One row: training steps of HA-Net under TensorFlow; the last line of output is JSON."""

import argparse
import json
import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from rows import peak_memory_gib

from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.training.compile import compile_model
from keras_hanet.training.config import TrainConfig
from keras_hanet.training.fused_batch_norm import fuse_batch_norm

WARM_UP_STEPS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="densenet121")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--decoder-block", default="separable")
    parser.add_argument("--decoder-filters", type=int, nargs="+", default=[256, 128, 64, 32, 16])
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(arguments.precision)
    network = HANetConfig(
        encoder=arguments.encoder,
        encoder_weights="none",
        decoder_block=arguments.decoder_block,
        decoder_filters=arguments.decoder_filters,
    )
    model = fuse_batch_norm(build_ha_net(network))
    compile_model(model, TrainConfig(model=network, precision=arguments.precision), steps_per_epoch=arguments.steps)

    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (arguments.batch_size, 256, 256, 3)).astype("float32")
    mask = (rng.uniform(size=(arguments.batch_size, 256, 256, 1)) > 0.9).astype("float32")
    seconds = []
    for _ in range(WARM_UP_STEPS + arguments.steps):
        start = time.perf_counter()
        model.train_on_batch(image, mask)
        seconds.append(time.perf_counter() - start)
    result = {"images_per_s": arguments.batch_size / min(seconds[WARM_UP_STEPS:]), "peak_gib": peak_memory_gib()}
    print(json.dumps({**result, "versions": f"keras {keras.__version__}, tensorflow {tf.__version__}"}))


main()
