"""How far to believe an outline: the probability of a lesion, the Dice to be expected, and when not to rely on it.

`reliability.json` beside a model holds what `hanet reliability` fitted on images that its recipe had not been trained
on. Only NumPy is needed here. docs/reliability.md says how well it holds.
"""

import math
from dataclasses import dataclass

import numpy as np

from keras_hanet.analysis.image_statistics import STATISTICS, Distribution
from keras_hanet.analysis.variants import make_variants, measure_stability
from keras_hanet.errors import InputError
from keras_hanet.files import read_json
from keras_hanet.inference import Prediction
from keras_hanet.runtimes import find_model_file

RELIABILITY = "reliability.json"
RELIABILITY_FORMAT = 1
_SIZES = {"lesion_weights": 3, "dice_weights": 3, "long_axis_quantiles": 3}
_SHAPES = {"mean": (len(STATISTICS),), "precision": (len(STATISTICS),) * 2}
_SUREST = 1 / 256  # a probability nearer to 0 or 1 counts as this near: an int8 file knows no finer step


@dataclass(frozen=True)
class Reliability:
    """What is known of a model's errors.

    Attributes:
        lesion_weights: log-odds that the image shows a lesion: of a constant, of the log-odds of the largest
            probability, and of the square root of the outlined share of the image.
        dice_weights: log-odds of the expected Dice of an outline: of a constant, and of agreement and confidence as of
            `Stability`.
        doubtful_below: expected Dice below which a result is doubtful.
        distributions: {name of a training data set: `Distribution`}.
        distance_limit: distance from all of them beyond which an image is unlike them.
        long_axis_quantiles: (low, median, high), of which `size_error.long_axis_interval` makes an interval.
        fitted: how it was fitted and what it scored, JSON-ready.
    """

    lesion_weights: tuple[float, ...]
    dice_weights: tuple[float, ...]
    doubtful_below: float
    distributions: dict[str, Distribution]
    distance_limit: float
    long_axis_quantiles: tuple[float, float, float]
    fitted: dict


@dataclass(frozen=True)
class Belief:
    """What to think of one result.

    Attributes:
        lesion_probability: 0..1, that the image shows a lesion, where as many do as in the data it was fitted on.
        expected_dice: 0..1, the Dice to be expected of an outline, 0 for one where there is no lesion; of an empty
            mask the probability that there is none, as a true negative counts as 1 and a missed lesion as 0.
        doubtful: whether that is below the model's limit.
    """

    lesion_probability: float
    expected_dice: float
    doubtful: bool


def read_reliability(model):
    """Read the record that lies beside a model.

    Args:
        model: name of a shipped model, run folder, exported folder or model file, as for `Predictor`.

    Returns:
        `Reliability`; None if there is no record.

    Raises:
        InputError: if there is no model, or the record is damaged or of another version.
    """
    path = find_model_file(model).with_name(RELIABILITY)
    try:
        values = read_json(path, "copy it again from its source")
    except FileNotFoundError:
        return None
    found = values.get("format") if isinstance(values, dict) else None
    if found != RELIABILITY_FORMAT:
        raise InputError(
            f"{path}: expected a record of format {RELIABILITY_FORMAT}, got {found}; make it again by hanet reliability"
        )
    try:
        return _from_json(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: expected what hanet reliability writes, and it does not fit ({error}); copy the file again"
        ) from None


def to_json(reliability):
    """What `read_reliability` reads: the record as JSON-ready values."""
    lists = {name: list(getattr(reliability, name)) for name in _SIZES}
    distributions = {
        name: {"mean": known.mean.tolist(), "precision": known.precision.tolist()}
        for name, known in reliability.distributions.items()
    }
    return {"format": RELIABILITY_FORMAT, **vars(reliability), **lists, "distributions": distributions}


def assess(predictor, frame, prediction, reliability):
    """Say how far to believe a prediction; the network runs once more on three variants of the frame.

    Args:
        predictor: `Predictor` that made the prediction.
        frame: `Frame`.
        prediction: `Prediction` at the frame's size.
        reliability: `Reliability` of the predictor's model.

    Returns:
        `Belief`.
    """
    seen = Prediction(frame.inside(prediction.probability), frame.inside(prediction.mask))
    answers = predictor.probabilities_at_s(make_variants(frame.scan))
    stability = measure_stability(seen, answers, predictor.to_mask)
    return believe(float(seen.probability.max()), float(seen.mask.mean()), stability, reliability)


def believe(largest_probability, lesion_share, stability, reliability):
    """The `Belief` in a result of which everything is measured: arguments as of the two functions below."""
    present = lesion_probability(largest_probability, lesion_share, reliability)
    expected = expected_dice(stability, reliability) if lesion_share else 1 - present
    return Belief(present, expected, expected < reliability.doubtful_below)


def lesion_probability(largest_probability, lesion_share, reliability):
    """The calibrated probability that an image shows a lesion; it needs no variants, so a film may have it, too.

    Args:
        largest_probability: 0..1, of the image's pixels.
        lesion_share: 0..1, outlined share of the image.
        reliability: `Reliability`.

    Returns:
        float, 0..1.
    """
    return sigmoid(reliability.lesion_weights, (log_odds(largest_probability), math.sqrt(lesion_share)))


def expected_dice(stability, reliability):
    """The Dice, 0..1, to be expected of an outline that is as stable as this: `Stability`, `Reliability`."""
    return sigmoid(reliability.dice_weights, (stability.agreement, stability.confidence))


def log_odds(probability):
    """log(p / (1 - p)), of a probability kept within 1/256..255/256."""
    probability = min(max(probability, _SUREST), 1 - _SUREST)
    return math.log(probability / (1 - probability))


def sigmoid(weights, values):
    """1 / (1 + exp(-x)) of x = weights[0] + weights[1] * values[0] + ..."""
    return 1 / (1 + math.exp(-weights[0] - sum(w * value for w, value in zip(weights[1:], values, strict=True))))


def _from_json(values):
    return Reliability(
        **{name: _numbers(values[name], (size,)) for name, size in _SIZES.items()},
        doubtful_below=_numbers([values["doubtful_below"]], (1,))[0],
        distributions={
            name: Distribution(*(np.array(_numbers(known[key], shape)) for key, shape in _SHAPES.items()))
            for name, known in values["distributions"].items()
        },
        distance_limit=_numbers([values["distance_limit"]], (1,))[0],
        fitted=values["fitted"],
    )


def _numbers(values, shape):
    array = np.array(values, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers of shape {shape}, got shape {array.shape}")
    return tuple(array.tolist())
