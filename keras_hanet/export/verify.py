"""The gate: an exported file against the Keras model, on real images and as its user will read it."""

from dataclasses import dataclass

import numpy as np

from keras_hanet import metrics
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.splits import group_key
from keras_hanet.evaluation.statistics import mean_interval
from keras_hanet.export.source import draw_evenly
from keras_hanet.inference import Predictor
from keras_hanet.runtimes import find_model_file
from keras_hanet.serving.client import SERVE_BYTES

BATCH_SIZE = 8
_NUM_PROBES = 6
# Grey images look the same with their channels swapped; these do not.
_TINT = np.array([1.0, 0.55, 0.1], np.float32)
# How far an artefact's answer to a tinted image may lie from the right one, as a share of that distance and the
# distance to the answer for swapped channels: 0 is the right one, 1 the swapped one. Rounding alone stays below 0.5.
LARGEST_PROBE = 0.4


@dataclass(frozen=True)
class Reference:
    """What the Keras model says, once for all formats.

    Attributes:
        samples: validation samples.
        probabilities: (N, S, S) float32, 0..1.
        diagnoses: (N, 3) float32, 0..1, or None.
        masks: list of (H, W) uint8 {0, 1}, at the images' own sizes.
        dice: (N,) float64, Dice of each image; 1 for a true negative.
        probes: (P, S, S, 3) uint8, tinted images.
        probe_answers: (P, S, S) float32, to the probes.
        swapped_answers: (P, S, S) float32, to the probes with red and blue swapped.
    """

    samples: list
    probabilities: np.ndarray
    diagnoses: np.ndarray | None
    masks: list
    dice: np.ndarray
    probes: np.ndarray
    probe_answers: np.ndarray
    swapped_answers: np.ndarray


def make_reference(predictor, samples, progress=iter):
    """Ask the Keras model.

    Args:
        predictor: `Predictor` of the Keras model.
        samples: sequence of `Sample`: validation images.
        progress: wraps the iterator over batches.

    Returns:
        `Reference`.

    Raises:
        InputError: if an image or a mask cannot be read.
    """
    probabilities, diagnoses, masks, dice = _answers(predictor, samples, None, progress)
    probes = (draw_evenly(samples, _NUM_PROBES, predictor.metadata.size) * _TINT).round().astype(np.uint8)
    answers = predictor.probabilities_at_s(list(probes))
    swapped_answers = predictor.probabilities_at_s(list(probes[..., ::-1]))
    return Reference(list(samples), probabilities, diagnoses, masks, dice, probes, answers, swapped_answers)


def verify(path, reference, limits, progress=iter):
    """Hold an exported file against the reference.

    A SavedModel's masks are those of its `serve_bytes`, from the bytes of the image files: what the server answers.

    Args:
        path: folder or file of the artefact, its metadata beside it.
        reference: `Reference`.
        limits: `keras_hanet.export.formats.Limits`.
        progress: wraps the iterator over batches.

    Returns:
        dict, JSON-ready: "probability" (largest difference on the model's grid, diagnoses included, 0..1),
        "mask_share" (share of the mask pixels that differ, 0..1), "dice" ({"mean", "ci95"}: change of mean Dice, a true
        negative as 1), "probe" (0..1, see LARGEST_PROBE), "num": images, "faults": list of str, empty if the artefact
        passes. A number that is not finite is None and a fault.

    Raises:
        InputError: if the file cannot be read at all.
    """
    predictor = Predictor(path)
    serve = _server(path)
    probabilities, diagnoses, masks, dice = _answers(predictor, reference.samples, serve, progress)
    groups = [group_key(sample) for sample in reference.samples]
    measured = {
        "probability": _largest_difference(probabilities, reference.probabilities, diagnoses, reference.diagnoses),
        "mask_share": _share_of_pixels(masks, reference.masks),
        "dice": mean_interval(dice - reference.dice, groups),
        "probe": _probe(predictor, reference),
        "num": len(masks),
    }
    return {**measured, "faults": _faults(measured, limits)}


def _answers(predictor, samples, serve, progress):
    """Probabilities at S, diagnoses, masks at the images' sizes and Dice; masks by `serve` where there is one."""
    probabilities, diagnoses, masks, dice = [], [], [], []
    for start in progress(range(0, len(samples), BATCH_SIZE)):
        batch = samples[start : start + BATCH_SIZE]
        loaded = [load_sample(sample) for sample in batch]
        images = [image for image, _ in loaded]
        at_s = predictor.probabilities_at_s(images)
        served = serve([sample.image.read_bytes() for sample in batch]) if serve else [None] * len(batch)
        probabilities.append(at_s)
        diagnoses.append(predictor.diagnose(images))
        for (_, mask_true), probability, mask in zip(loaded, at_s, served, strict=True):
            if mask is None:
                mask = _mask(predictor, probability, mask_true.shape)
            masks.append(mask)
            score = metrics.dice(metrics.confusion(mask_true, mask))
            dice.append(1.0 if np.isnan(score) else score)
    diagnoses = None if diagnoses[0] is None else np.concatenate(diagnoses)
    return np.concatenate(probabilities), diagnoses, masks, np.array(dice)


def _mask(predictor, probability, shape):
    """The mask; none where a damaged model gives what is no probability."""
    try:
        return predictor.to_prediction(probability, shape).mask
    except ValueError:
        return np.zeros(shape, np.uint8)


def _server(path):
    """Function from encoded images to masks by a SavedModel's `serve_bytes`; None for other formats.

    A mask is None where the server cannot read the file (TIFF).
    """
    file = find_model_file(path)
    if file.suffix != ".pb":
        return None
    import tensorflow as tf

    from keras_hanet.data.preprocessing import decode_mask

    loaded = tf.saved_model.load(str(file.parent))

    def serve(encoded, loaded=loaded):
        served = loaded.signatures[SERVE_BYTES](image_bytes=tf.constant(encoded))
        pairs = zip(served["mask_png_bytes"].numpy(), served["valid"].numpy(), strict=True)
        return [decode_mask(mask) if valid else None for mask, valid in pairs]

    return serve


def _largest_difference(probabilities, expected, diagnoses, expected_diagnoses):
    largest = np.abs(probabilities - expected).max()
    if expected_diagnoses is not None:
        largest = np.inf if diagnoses is None else max(largest, np.abs(diagnoses - expected_diagnoses).max())
    return float(largest) if np.isfinite(largest) else None


def _share_of_pixels(masks, expected):
    num_different = sum(np.count_nonzero(mask != other) for mask, other in zip(masks, expected, strict=True))
    return num_different / sum(mask.size for mask in expected)


def _probe(predictor, reference):
    answers = predictor.probabilities_at_s(list(reference.probes))
    right = np.abs(answers - reference.probe_answers).mean()
    swapped = np.abs(answers - reference.swapped_answers).mean()
    share = right / (right + swapped) if right + swapped else 0.0
    return float(share) if np.isfinite(share) else None


def _faults(measured, limits):
    found = (
        ("largest difference of a probability", measured["probability"], limits.probability),
        ("share of mask pixels that differ", measured["mask_share"], limits.mask_share),
        ("loss of mean Dice", -measured["dice"]["mean"], limits.dice),
        ("distance on tinted probes (1 is swapped channels)", measured["probe"], LARGEST_PROBE),
    )
    return [
        f"{name}: {'not a number' if value is None else f'{value:.2g}'}, at most {limit:g}"
        for name, value, limit in found
        if value is None or value > limit
    ]
