"""All scores of a data set's images at their own size: seconds, and how they compare with surface-distance.

Masks of phantoms, or with --data the reference masks of a data set; the prediction is the reference moved
by 4 rows and 6 columns, its probability that mask blurred. Masks are in memory before the clock starts. Each
image is scored by both sides in turn, so that what else the machine does slows both. "Same values" are Dice,
Hausdorff, HD95, average distance and surface Dice at a tolerance, of the images with a lesion: two empty masks
stop surface-distance 0.1 under NumPy 2.
"""

import argparse
import os
import tempfile
import time
import warnings
from collections import defaultdict
from itertools import cycle, islice

import cv2
import numpy as np
import surface_distance
from rows import markdown_table, report

from keras_hanet import metrics
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.evaluation.cases import score_case

NUM_IMAGES = 780  # BUSI
NUM_PHANTOMS = 60
SHIFT = (4, 6)
TOLERANCE = 4.0
ALL, HERE = "keras-hanet, all scores", "keras-hanet, same values"
THERE = "surface-distance, same values"


def same_values_here(mask_true, mask_pred):
    distances = metrics.surface_distances(mask_true, mask_pred)
    reduced = [reduce(distances) for reduce in (metrics.hausdorff, metrics.hd95, metrics.assd)]
    return [metrics.dice(metrics.confusion(mask_true, mask_pred)), *reduced, metrics.nsd(distances, TOLERANCE)]


def same_values_there(mask_true, mask_pred):
    distances = surface_distance.compute_surface_distances(mask_true, mask_pred, (1.0, 1.0))
    return [
        surface_distance.compute_dice_coefficient(mask_true, mask_pred),
        surface_distance.compute_robust_hausdorff(distances, 100),
        surface_distance.compute_robust_hausdorff(distances, 95),
        surface_distance.compute_average_surface_distance(distances),
        surface_distance.compute_surface_dice_at_tolerance(distances, TOLERANCE),
    ]


def read_masks(path):
    """Name of the data and its reference masks, normal images included."""
    if path:
        layout, samples = read_samples(path)
        return layout, [load_sample(sample)[1] for sample in samples]
    with tempfile.TemporaryDirectory() as folder:
        _, samples = read_samples(write_phantoms(f"{folder}/phantoms", num=NUM_PHANTOMS))
        return f"{NUM_PHANTOMS} phantoms in turn", [load_sample(sample)[1] for sample in samples]


def time_all(masks, num):
    """{what was done: [wall seconds, CPU seconds]} over `num` images."""
    seconds = defaultdict(lambda: np.zeros(2))

    def timed(name, function, *arguments):
        start = np.array([time.perf_counter(), time.process_time()])
        function(*arguments)
        seconds[name] += [time.perf_counter(), time.process_time()] - start

    for mask_true in islice(cycle(masks), num):
        mask_pred = np.zeros_like(mask_true)
        mask_pred[SHIFT[0] :, SHIFT[1] :] = mask_true[: -SHIFT[0], : -SHIFT[1]]
        probability = np.clip(cv2.GaussianBlur(mask_pred.astype(np.float32), (31, 31), 0), 0, 1)
        timed(ALL, score_case, mask_true, mask_pred, probability)
        if mask_pred.any():
            timed(HERE, same_values_here, mask_true, mask_pred)
            timed(THERE, same_values_there, mask_true.astype(bool), mask_pred.astype(bool))
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="DIR", help="data set whose masks are scored (default: phantoms)")
    parser.add_argument("--num", type=int, default=NUM_IMAGES, help="images scored (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="keep the table in results/")
    arguments = parser.parse_args()

    warnings.simplefilter("ignore", DeprecationWarning)  # surface-distance uses old names of SciPy
    name, masks = read_masks(arguments.data)
    seconds = time_all(masks, arguments.num)
    rows = []
    for label in (ALL, HERE, THERE):
        ratios = ["", ""] if label == ALL else [f"{ratio:.1f}" for ratio in seconds[THERE] / seconds[label]]
        rows.append([label, *(f"{value:.1f}" for value in seconds[label]), *ratios])
    header = ["scores", "seconds", "CPU seconds", "times as fast", "times as fast, CPU"]
    megapixels = np.mean([mask.size for mask in masks]) / 1e6
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    footer = f"{arguments.num} images ({name}), {megapixels:.2f} megapixels on average; one process, load {load}."
    report("metrics_speed", f"{markdown_table(header, rows)}\n\n{footer}", arguments.write)


main()
