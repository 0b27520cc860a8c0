"""Frame -> outline, measures, flags and how far to believe them: what every command, page and file says of a frame."""

from dataclasses import dataclass, replace

import numpy as np

from keras_hanet.analysis.flags import find_flags
from keras_hanet.analysis.reliability import assess
from keras_hanet.frame import Frame
from keras_hanet.inference import Prediction
from keras_hanet.measures import LesionMeasures, measure_lesions

# Of such an image the record of the model's errors says nothing, so its expected Dice cannot take the doubt away.
_NOT_COVERED = {"no scan area", "unlike the training images"}


@dataclass(frozen=True)
class Analysis:
    """What is said of one frame.

    Attributes:
        frame: the `Frame`.
        prediction: `Prediction` at the frame's size; outside its scan area the probability is 0.
        lesions: `LesionMeasures` of each connected region of the mask, largest first.
        flags: names of what speaks against the result, keys of `keras_hanet.analysis.flags.FLAGS`.
        long_axis_quantiles: of which `size_error.long_axis_interval` makes the interval of a long axis.
        lesion_probability: probability, 0..1, that the frame shows a lesion at all.
        expected_dice: Dice, 0..1, to be expected of the mask, from the spread of the model's answers to the frame
            mirrored and scaled.
        doubtful: whether the abstain rule says not to rely on it: by the expected Dice, or because the image is of
            another kind than those the rule was made on. These four are None where the model has no record; all but
            the last where the image is of another kind, for the record says nothing of it; the last three where
            `conclude` was not followed by `believe`.
    """

    frame: Frame
    prediction: Prediction
    lesions: tuple[LesionMeasures, ...]
    flags: tuple[str, ...]
    long_axis_quantiles: tuple[float, float, float] | None = None
    lesion_probability: float | None = None
    expected_dice: float | None = None
    doubtful: bool | None = None


def analyse(predictor, frames, reliability=None):
    """Analyse frames in one batch.

    Args:
        predictor: `Predictor`.
        frames: sequence of `Frame`.
        reliability: `Reliability` of the model, None if it has none.

    Returns:
        list of `Analysis`.
    """
    at_s = predictor.probabilities_at_s([frame.scan for frame in frames])
    concluded = (conclude(predictor, frame, p, reliability) for frame, p in zip(frames, at_s, strict=True))
    return [believe(predictor, analysis, reliability) for analysis in concluded]


def conclude(predictor, frame, probability_at_s, reliability=None):
    """What can be said of a frame without asking the network again, which a film has no time for.

    Args:
        predictor: `Predictor`.
        frame: `Frame`.
        probability_at_s: (S, S) float32, 0..1, of the frame's scan.
        reliability: `Reliability` of the model, None if it has none.

    Returns:
        `Analysis`, doubtful where the image is of another kind than those the record was made on, else not judged.
    """
    prediction = outline(predictor, frame, probability_at_s)
    lesions = measure_lesions(prediction.mask, frame.area)
    analysis = Analysis(frame, prediction, lesions, find_flags(frame, prediction.mask, reliability))
    if reliability is None:
        return analysis
    if not _NOT_COVERED.isdisjoint(analysis.flags):
        return replace(analysis, doubtful=True)
    return replace(analysis, long_axis_quantiles=reliability.long_axis_quantiles)


def believe(predictor, analysis, reliability):
    """Add to an analysis how far to believe it; the network runs on three variants of the frame.

    Args:
        predictor: `Predictor` that made it.
        analysis: `Analysis`, as `conclude` gives it.
        reliability: `Reliability` of the model, None if it has none.

    Returns:
        `Analysis`; the same where the model has no record, or its record says nothing of such an image.
    """
    if reliability is None or analysis.doubtful:
        return analysis
    return replace(analysis, **vars(assess(predictor, analysis.frame, analysis.prediction, reliability)))


def outline(predictor, frame, probability_at_s):
    """Bring the network's answer on a frame's scan area to the frame's size, 0 around it, and to a mask.

    Args:
        predictor: `Predictor`, for its operating point.
        frame: `Frame`.
        probability_at_s: (S, S) float32, 0..1.

    Returns:
        `Prediction` of the frame's height and width.
    """
    inside = predictor.to_prediction(probability_at_s, frame.scan.shape[:2])
    if frame.area is None:
        return inside
    shape = frame.image.shape[:2]
    whole = Prediction(np.zeros(shape, np.float32), np.zeros(shape, np.uint8))
    frame.inside(whole.probability)[:] = inside.probability
    frame.inside(whole.mask)[:] = inside.mask
    return whole
