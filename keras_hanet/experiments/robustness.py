"""The same model on ever worse images: one table of scores for each level of each degradation."""

import hashlib
import zlib
from pathlib import Path

import numpy as np

from keras_hanet.data.degradations import DEGRADATIONS, NUM_LEVELS, degrade
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.splits import image_sha256
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases, score_case, write_cases
from keras_hanet.files import read_json, write_json

BATCH_SIZE = 8
UNCHANGED = ("unchanged", 0)
CONDITIONS = (UNCHANGED, *((name, level) for name in DEGRADATIONS for level in range(1, NUM_LEVELS)))


def fingerprint(model_path):
    """SHA-256 of a model file and the `metadata.json` beside it, in hexadecimal."""
    contents = (path.read_bytes() for path in (Path(model_path), Path(model_path).with_name("metadata.json")))
    return hashlib.sha256(b"".join(contents)).hexdigest()


def score_conditions(predictor, model_sha256, samples, folder, seed=0, progress=iter):
    """Score a model on the images as they are and at levels 1..4 of each degradation.

    Each condition is a table of its own, `NAME-LEVEL.csv`, renamed into its place when it is whole: after
    a kill the same call computes only those that are not there. The noise of an image depends on the
    seed and the image's name alone, so that levels and models are compared under the same noise.

    Args:
        predictor: `Predictor`.
        model_sha256: what `fingerprint` says of its file.
        samples: sequence of `Sample`, none of which the model has seen.
        folder: of this model's tables.
        seed: of the noise.
        progress: wraps the list of conditions that are still to be computed, a tqdm bar for instance.

    Returns:
        {condition: rows as `read_cases` gives them} for every one of CONDITIONS.

    Raises:
        InputError: if the folder holds results of another model, of other images, or of another seed.
    """
    folder = Path(folder)
    _keep_settings(folder / "settings.json", model_sha256, samples, seed)
    paths = {condition: folder / f"{'-'.join(map(str, condition)).replace(' ', '-')}.csv" for condition in CONDITIONS}
    for condition in progress([condition for condition in CONDITIONS if not paths[condition].exists()]):
        write_cases(paths[condition], _score(predictor, samples, condition, seed))
    return {condition: read_cases(path) for condition, path in paths.items()}


def _keep_settings(path, model_sha256, samples, seed):
    images = "\n".join(f"{sample.source}/{sample.id} {image_sha256(sample)}" for sample in samples)
    settings = {
        "model_sha256": model_sha256,
        "images_sha256": hashlib.sha256(images.encode()).hexdigest(),
        "seed": seed,
        "strengths": {name: list(degradation.strengths) for name, degradation in DEGRADATIONS.items()},
    }
    if not path.exists():
        write_json(path, settings)
    elif read_json(path, "give another --output") != settings:
        raise InputError(
            f"{path.parent}: expected results of this model on these images with seed {seed}, found others; "
            "give another --output"
        )


def _score(predictor, samples, condition, seed):
    rows = []
    for start in range(0, len(samples), BATCH_SIZE):
        batch = samples[start : start + BATCH_SIZE]
        pairs = [_degraded(sample, condition, seed) for sample in batch]
        predictions = predictor.predict([image for image, _ in pairs])
        for sample, (_, mask), prediction in zip(batch, pairs, predictions, strict=True):
            known = {name: getattr(sample, name) for name in ("id", "source", "diagnosis", "group", "device")}
            size = {"height": mask.shape[0], "width": mask.shape[1]}
            rows.append({**known, **size, **score_case(mask, prediction.mask, prediction.probability)})
    return rows


def _degraded(sample, condition, seed):
    image, mask = load_sample(sample)
    if condition == UNCHANGED:
        return image, mask
    rng = np.random.default_rng([seed, zlib.crc32(f"{sample.source}/{sample.id}".encode())])
    return degrade(image, mask, *condition, rng)
