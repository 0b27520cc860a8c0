"""What a person should know of a data set before training on it, image by image and group by group.

Each finding is a `Finding` of one of the KINDS; none of them is an error here. The readers add the missing and
orphan files (`read_samples(..., faults=findings)`).
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image

from keras_hanet.data.annotations import find_annotations
from keras_hanet.data.duplicates import take_fingerprint
from keras_hanet.data.preprocessing import decode_image, decode_mask
from keras_hanet.data.sample import Finding
from keras_hanet.errors import InputError
from keras_hanet.metrics import confusion, dice

AGREEING_DICE = 0.7  # two readers agree with each other at 0.73 to 0.80 (PMC5438055)
KINDS = {
    "missing_mask": "image without its mask; left out",
    "orphan_mask": "mask without its image; left out",
    "missing_row": "image that the data set's table does not know; left out",
    "unreadable": "file that cannot be decoded",
    "label_conflict": "image in a group of one frame with several diagnoses",
    "patient_conflict": "image in a group of one frame with several patients",
    "mask_conflict": f"masks of one frame that agree at a Dice below {AGREEING_DICE}",
    "mask_size": "mask of another size than its image",
    "mask_coding": "mask that is not 1-bit or grey, or holds more than two values",
    "empty_mask": "benign or malignant image whose mask is empty",
    "lesion_in_normal": "normal image whose mask is not empty",
    "colour": "Doppler or coloured marks",
    "calipers": "burnt-in calipers",
    "text": "burnt-in text",
}
_ANNOTATIONS = {"colour": "coloured pixels", "calipers": 'a drawn "+"', "text": "drawn letters in a row"}


def check_images(samples, progress=None):
    """Decode every image and its masks once, look at them and fingerprint the image.

    Args:
        samples: list of `Sample`.
        progress: as in `write_phantoms`.

    Returns:
        The samples whose image can be decoded, a list; their `Fingerprint`s, in the same order; and a list of
        `Finding`, in the order of the samples.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(_check_image, sample) for sample in samples]
        checked = [task.result() for task in (progress or iter)(tasks)]
    readable = [sample for sample, (fingerprint, _) in zip(samples, checked, strict=True) if fingerprint]
    fingerprints = [fingerprint for fingerprint, _ in checked if fingerprint]
    return readable, fingerprints, [finding for _, findings in checked for finding in findings]


def check_groups(samples, groups, pairs):
    """Look for what images of one frame say against each other.

    Args:
        samples: list of `Sample`.
        groups: list of lists of positions in `samples`; the images of one group show one frame.
        pairs: list of `Pair` of the same positions. The masks of exact and near pairs are compared where both
            have a lesion, over the overlap of the two images.

    Returns:
        A list of `Finding`.
    """
    findings = []
    for number, group in enumerate(groups, start=1):
        members = [samples[position] for position in group]
        for kind, name in (("label_conflict", "diagnosis"), ("patient_conflict", "patient")):
            values = sorted({getattr(member, name) for member in members} - {None})
            if len(values) > 1:
                detail = f"group {number}: {', '.join(values)}"
                findings += [Finding(member.image, kind, detail) for member in members]
    for pair in pairs:
        if pair.kind != "related":
            score = _compare_masks(samples[pair.first], samples[pair.second], pair.matrix)
            if score < AGREEING_DICE:
                detail = f"Dice {score:.2f} with the mask of {samples[pair.second].image.name}"
                findings.append(Finding(samples[pair.first].image, "mask_conflict", detail))
    return findings


def _check_image(sample):
    """The image's fingerprint, None if it cannot be decoded, and the findings."""
    try:
        image = decode_image(sample.image)
    except InputError as error:
        return None, [Finding(sample.image, "unreadable", _reason(error))]
    annotations = find_annotations(image)
    findings = [
        Finding(sample.image, kind, detail) for kind, detail in _ANNOTATIONS.items() if getattr(annotations, kind)
    ]
    return take_fingerprint(image), _check_masks(sample, image.shape[:2]) + findings


def _check_masks(sample, shape):
    findings, num_lesion, num_read = [], 0, 0
    for path in sample.masks:
        try:
            mask = decode_mask(path)
        except InputError as error:
            findings.append(Finding(path, "unreadable", _reason(error)))
            continue
        num_read += 1
        num_lesion += np.count_nonzero(mask)
        if mask.shape != shape:
            sizes = [f"{width} x {height}" for height, width in (mask.shape, shape)]
            findings.append(Finding(path, "mask_size", f"{sizes[0]} pixels, its image has {sizes[1]}"))
        coding = _odd_coding(path)
        if coding:
            findings.append(Finding(path, "mask_coding", coding))
    if sample.diagnosis == "normal" and num_lesion:
        findings.append(Finding(sample.image, "lesion_in_normal", f"{num_lesion} lesion pixels"))
    if sample.diagnosis in ("benign", "malignant") and num_read == len(sample.masks) and not num_lesion:
        findings.append(Finding(sample.image, "empty_mask", f"{sample.diagnosis}, no lesion pixel"))
    return findings


def _odd_coding(path):
    """What is odd about how a readable mask is stored, in words; "" if it is 1-bit, or grey with {0, 1} or {0, 255}."""
    with Image.open(path) as image:
        if image.mode not in ("1", "L"):
            return f"stored as {image.mode}, read by its brightest channel"
        values = np.flatnonzero(np.bincount(np.asarray(image, np.uint8).ravel(), minlength=256)).tolist()
    if set(values) <= {0, 1} or set(values) <= {0, 255}:
        return ""
    return f"{len(values)} values from {values[0]} to {values[-1]}, 128 and above are read as lesion"


def _compare_masks(first, second, matrix):
    """Dice of two samples' masks over the overlap of the images; nan where either has no lesion."""
    masks = [_read_mask(sample) for sample in (first, second)]
    if any(mask is None or not mask.any() for mask in masks):
        return math.nan
    moving, fixed = masks
    size = fixed.shape[1::-1]
    moved, seen = (
        cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_NEAREST) for pixels in (moving, np.ones_like(moving))
    )
    return dice(confusion(moved, fixed * seen))


def _read_mask(sample):
    """(H, W) uint8 in {0, 1}; None if there is none, one cannot be read, or their sizes differ."""
    try:
        masks = [decode_mask(path) for path in sample.masks]
    except InputError:
        return None
    return np.bitwise_or.reduce(masks) if len({mask.shape for mask in masks}) == 1 else None


def _reason(error):
    """The error's sentence without the path it starts with."""
    return str(error).partition(": ")[2]
