"""A film through the network: decode, network, smoothing, mask and measures, overlay, each step in its own thread.

The steps work beside each other, in order, a few frames ahead of the next one, so that memory stays the same however
long the film is.
"""

from contextlib import ExitStack, closing

from keras_hanet.analysis.analysis import conclude
from keras_hanet.drawing import draw_overlay
from keras_hanet.video.ahead import run_ahead
from keras_hanet.video.smoothing import SMOOTHING_S, Smoother
from keras_hanet.video.speed import Speed
from keras_hanet.video.write import writing_film


def outline_video(predictor, source, smoothing_s=SMOOTHING_S, overlay=None, reliability=None, speed=None):
    """Outline a film, frame by frame.

    Exhaust the generator or close it, to end its threads; an error in any step is raised here and ends them all.

    Args:
        predictor: `Predictor`; one thread calls its network.
        source: what has `frames()`, an iterator of `Frame`, all of one size: a film, a DICOM cine.
        smoothing_s: time constant of the smoothing of probabilities, in seconds; 0 gives each frame the mask that
            it would get by itself. Frames without a time are never smoothed.
        overlay: path of an MP4 film to be written, the frames with the outline drawn in; it is there when the
            generator has ended. None for none.
        reliability: `Reliability` of the model, None if it has none.
        speed: `Speed` to be filled, None if nobody asks.

    Yields:
        `Analysis` of each frame, in order, as `conclude` gives it: without an expected Dice, which asks for the
        network on variants of a frame, four times the work.

    Raises:
        InputError: what reading the source raises, or if the model is damaged.
    """
    speed = Speed() if speed is None else speed
    with ExitStack() as stack:

        def step(items):
            return stack.enter_context(closing(run_ahead(items)))

        frames = step(_decode(source, speed))
        answers = step(_run_network(predictor, frames, Smoother(smoothing_s), speed))
        analyses = step(_conclude(predictor, answers, reliability, speed))
        if overlay is not None:
            analyses = step(_write_overlays(analyses, overlay, speed))
        speed.start()
        for analysis in analyses:
            speed.count()
            yield analysis


def _decode(source, speed):
    frames = iter(source.frames())
    while True:
        with speed.step("decode"):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _run_network(predictor, frames, smoother, speed):
    """Yield each frame with its smoothed answer, (S, S) float32 0..1."""
    for frame in frames:
        with speed.step("network"):
            answer = predictor.probabilities_at_s([frame.scan])[0]
        with speed.step("smoothing"):
            answer = smoother.update(answer, frame.scan, frame.time_s)
        yield frame, answer


def _conclude(predictor, answers, reliability, speed):
    for frame, answer in answers:
        with speed.step("mask and measures"):
            analysis = conclude(predictor, frame, answer, reliability)
        yield analysis


def _write_overlays(analyses, path, speed):
    """Pass the analyses on; the film is there once they have ended."""
    with writing_film(path) as film:
        for analysis in analyses:
            with speed.step("overlay"):
                picture = draw_overlay(analysis.frame.image, analysis.prediction.mask)
            with speed.step("encode"):
                film.write(picture, analysis.frame.time_s)
            yield analysis
