"""How often each flag is raised where it should be, and where it should not.

python scripts/check_flags.py --data BUSI --extra-data BUSBRA --output docs/results/reliability-cart/flags.json

Needs scikit-image, whose bundled photographs are looked at, too; the shipped model's reliability record is used.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from keras_hanet.analysis.flags import FLAGS, find_flags, is_unlike
from keras_hanet.analysis.reliability import read_reliability
from keras_hanet.data.degradations import DEGRADATIONS, degrade
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import keep_unseen
from keras_hanet.files import write_json
from keras_hanet.frame import Frame
from keras_hanet.models.weights import DEFAULT, shipped_folder

PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "cell", "chelsea", "clock", "coffee", "coins", "grass", "gravel", "horse"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "page", "retina", "rocket", "text"),
)
GAPS_PX = (0, 2, 8)
NUM_PAIRS, NUM_PHANTOMS, EVERY = 300, 60, 4
OF_MASKS = ("several lesions", "cut by the border")  # exact, nothing to be checked
NO_SCAN, UNLIKE, DUAL = "no scan area", "unlike the training images", "dual view"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of BUSI")
    parser.add_argument("--extra-data", type=Path, required=True, help="folder of BUS-BRA")
    parser.add_argument("--output", type=Path, required=True, help="JSON file of the shares")
    arguments = parser.parse_args()
    reliability = read_reliability(DEFAULT)
    further = read_samples(arguments.extra_data)[1]
    new = keep_unseen(shipped_folder(DEFAULT) / "split.json", further)
    scans = [load_sample(sample)[0] for sample in read_samples(arguments.data)[1]]
    sets = {
        "BUSI": scans,
        "BUS-BRA, of the training": [load_sample(sample)[0] for sample in further if sample not in new],
        "BUS-BRA, unseen": [load_sample(sample)[0] for sample in new],
        "phantoms": [draw_one(number) for number in range(NUM_PHANTOMS)],
        "photographs and drawings": [read_photograph(name) for name in PHOTOGRAPHS],
        "blank": [np.full((480, 640, 3), grey, np.uint8) for grey in (0, 128, 255)],
    }
    shares = {name: count_flags(images, reliability) for name, images in sets.items()}
    changed = {name: share_unlike(map(change, scans[::EVERY]), reliability) for name, change in CHANGES.items()}
    for name in DEGRADATIONS:
        for level in (1, 2, 3, 4):
            images = (degrade_one(image, name, level) for image in scans[::EVERY])
            changed[f"{name}, level {level}"] = share_unlike(images, reliability)
    result = {"sets": shares, "unlike": changed, "dual": {str(gap): share_dual(scans, gap) for gap in GAPS_PX}}
    write_json(arguments.output, result)


def draw_one(number):
    image, _ = draw_phantom(("benign", "malignant", "normal")[number % 3], np.random.default_rng(number), 340, 360)
    return np.repeat(image[..., None], 3, axis=2)


def read_photograph(name):
    image = getattr(skimage.data, name)()
    image = image if image.dtype == np.uint8 else np.uint8(255 * image)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else np.ascontiguousarray(image[..., :3])


def count_flags(images, reliability):
    """{"num": images, flag: share of them}, and of which something says that they are none of ours."""
    found = [find_flags(Frame(image, "image"), None, reliability) for image in images]
    of_flags = {name: share(name in flags for flags in found) for name in FLAGS if name not in OF_MASKS}
    return {"num": len(found), **of_flags, "any of two": share(NO_SCAN in flags or UNLIKE in flags for flags in found)}


def share_unlike(images, reliability):
    return share(is_unlike(np.ascontiguousarray(image), reliability) for image in images)


def share(answers):
    return round(float(np.mean(list(answers))), 4)


def degrade_one(image, name, level):
    mask = np.zeros(image.shape[:2], np.uint8)
    return degrade(np.ascontiguousarray(image), mask, name, level, np.random.default_rng(0))[0]


def share_dual(scans, gap_px):
    pairs = np.random.default_rng(0).integers(0, len(scans), (NUM_PAIRS, 2))
    joined = (join(scans[left], scans[right], gap_px) for left, right in pairs)
    return share(DUAL in find_flags(Frame(image, "image")) for image in joined)


def join(left, right, gap_px):
    """The middle halves of two scans side by side, at one height, with a black gap."""
    height = min(len(left), len(right))
    scaled = [cv2.resize(image, (round(image.shape[1] * height / len(image)), height)) for image in (left, right)]
    half = min(image.shape[1] for image in scaled) // 2
    halves = [image[:, (image.shape[1] - half) // 2 :][:, :half] for image in scaled]
    return np.concatenate([halves[0], np.zeros((height, gap_px, 3), np.uint8), halves[1]], axis=1)


def blur(image):
    return cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), 4)


def make_noise(image):
    grey = np.random.default_rng(0).integers(0, 256, (*image.shape[:2], 1), dtype=np.uint8)
    return np.repeat(grey, 3, axis=2)


CHANGES = {
    "unchanged": np.ascontiguousarray,
    "inverted": lambda image: 255 - image,
    "turned by 90 degrees": np.rot90,
    "turned by 180 degrees": lambda image: image[::-1, ::-1],
    "mirrored": lambda image: image[:, ::-1],
    "blurred, 4 px": blur,
    "a third as bright": lambda image: image // 3,
    "white noise": make_noise,
}

if __name__ == "__main__":
    sys.exit(main())
