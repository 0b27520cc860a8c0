"""`serve_bytes` of a SavedModel, files in and masks out, against the bare graph of the same folder.

Both run on the same batches of eight files, in turns, in TensorFlow's own session. What is printed are medians over
batches of the time that an image takes, and the ratio of the medians.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from rows import markdown_table, report

from keras_hanet.data.preprocessing import decode_image, resize_image
from keras_hanet.metadata import read_metadata

BATCH_SIZE = 8
NUM_BATCHES = 8
ROUNDS = 4


def time_signatures(folder, files):
    """Seconds an image by each signature, one number a run: ([...], [...])."""
    size = read_metadata(folder / "metadata.json").size
    loaded = tf.saved_model.load(str(folder))
    bare, whole = loaded.signatures["serving_default"], loaded.signatures["serve_bytes"]
    seconds = ([], [])
    batches = [files[start : start + BATCH_SIZE] for start in range(0, BATCH_SIZE * NUM_BATCHES, BATCH_SIZE)]
    for number in range(1 + ROUNDS):
        for batch in batches:
            encoded = tf.constant([path.read_bytes() for path in batch])
            images = tf.constant(np.stack([resize_image(decode_image(path), size) for path in batch]), tf.float32)
            calls = ((bare, {"image": images}), (whole, {"image_bytes": encoded}))
            for times, (signature, given) in zip(seconds, calls, strict=True):
                start = time.perf_counter()
                outputs = signature(**given)
                next(iter(outputs.values())).numpy()
                if number:  # the first round warms up
                    times.append((time.perf_counter() - start) / len(batch))
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a SavedModel that hanet export wrote")
    parser.add_argument("images", type=Path, help="folder with at least 64 images; masks are left out")
    parser.add_argument("--write", action="store_true", help="keep the table in results/")
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.images.rglob("*.png") if "_mask" not in path.name)
    files = files[:: len(files) // (BATCH_SIZE * NUM_BATCHES)][: BATCH_SIZE * NUM_BATCHES]
    bare, whole = (np.median(times) for times in time_signatures(arguments.model, files))
    header = ["model", "bare graph, ms an image", "serve_bytes, ms an image", "ratio"]
    name = read_metadata(arguments.model / "metadata.json").name
    row = [name, f"{1e3 * bare:.1f}", f"{1e3 * whole:.1f}", f"{whole / bare:.2f}"]
    report("serve_speed", markdown_table(header, [row]), arguments.write)


if __name__ == "__main__":
    main()
