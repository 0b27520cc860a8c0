import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from video_phantoms import write_phantom_film

from keras_hanet.errors import InputError
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata
from keras_hanet.video.read import read_video
from keras_hanet.video.smoothing import Flicker
from keras_hanet.video.speed import Speed
from keras_hanet.video.stream import outline_video

METADATA = Metadata(64, 0.5, 0.01, "what is dark is lesion")
# The peak of a process that outlines a film, after 50 frames and at the end, in MiB.
MEMORY = """
import sys
from pathlib import Path
from keras_hanet.benchmark.machine import peak_memory_mib
from keras_hanet.inference import Predictor
from keras_hanet.video.read import read_video
from keras_hanet.video.stream import outline_video
analyses = outline_video(Predictor("cart"), read_video(sys.argv[1]), overlay=Path(sys.argv[2]))
for number, analysis in enumerate(analyses, start=1):
    if number == 50:
        print(peak_memory_mib())
print(peak_memory_mib(), number)
"""


def dark_parts(images):
    """(N, S, S) float32: probability 0.5 at a grey of 60, of the picture as it is, speckle and all."""
    return (1 / (1 + np.exp((images[..., 0] - 60) / 10))).astype(np.float32)


@pytest.fixture
def predictor():
    return Predictor.from_function(dark_parts, METADATA)


class Pictures:
    """A source of pictures that are there already."""

    def __init__(self, *frames):
        self._frames = frames

    def frames(self):
        for frame in self._frames:
            if isinstance(frame, Exception):
                raise frame
            yield frame


def test_without_smoothing_the_masks_are_those_of_predict(film, predictor):
    frames = list(read_video(film).frames())
    analyses = list(outline_video(predictor, read_video(film), smoothing_s=0))
    assert [a.frame.name for a in analyses] == [f"clip.mp4#{number}" for number in range(24)]
    expected = predictor.predict([frame.image for frame in frames])
    assert sum(prediction.mask.sum() for prediction in expected) > 0
    for analysis, frame, prediction in zip(analyses, frames, expected, strict=True):
        np.testing.assert_array_equal(analysis.frame.image, frame.image)
        np.testing.assert_array_equal(analysis.prediction.mask, prediction.mask)
        np.testing.assert_array_equal(analysis.prediction.probability, prediction.probability)
        assert analysis.frame.time_s == frame.time_s


def test_smoothing_makes_the_outline_of_a_film_steadier(film, predictor):
    flicker = {}
    for seconds in (0, 0.1):
        flicker[seconds] = Flicker()
        for analysis in outline_video(predictor, read_video(film), smoothing_s=seconds):
            flicker[seconds].update(analysis.prediction.mask)
    assert flicker[0.1].value < 0.7 * flicker[0].value


def test_smoothing_lags_by_what_the_time_constant_says(predictor):
    """A grey picture turns a little darker at once: its probability follows by 1 - exp(-t / 0.1 s)."""
    greys = [60] * 2 + [50] * 3
    frames = [Frame(np.full((48, 64, 3), grey, np.uint8), "x", time_s=0.1 * n) for n, grey in enumerate(greys)]
    seen = [a.prediction.probability[0, 0] for a in outline_video(predictor, Pictures(*frames), smoothing_s=0.1)]
    end = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(seen, [0.5, 0.5, *(end - (end - 0.5) * np.exp([-1, -2, -3]))], atol=1e-5)


def test_the_network_sees_the_scan_area_of_a_cine(predictor):
    image = np.full((48, 64, 3), 200, np.uint8)
    image[:8] = 0  # a dark banner above the scan
    image[20:30, 20:40] = 20
    frame = Frame(image, "cine.dcm#0", ScanArea(8, 0, 40, 64, Spacing(0.1, 0.1)), time_s=0.0)
    [analysis] = outline_video(predictor, Pictures(frame))
    assert not analysis.prediction.mask[:8].any()
    [lesion] = analysis.lesions
    assert lesion.transverse_mm == pytest.approx(2, abs=0.3)


def test_the_overlay_film_has_as_many_frames_of_the_same_size_at_the_same_times(film, predictor, tmp_path):
    path = tmp_path / "overlays" / "clip.mp4"
    times_s = []
    for analysis in outline_video(predictor, read_video(film), overlay=path):
        times_s.append(analysis.frame.time_s)
        assert not path.exists()
    source = read_video(path)
    frames = list(source.frames())
    assert len(frames) == source.num_frames == 24
    assert frames[0].image.shape == (96, 128, 3)
    assert source.frame_rate == pytest.approx(25)
    np.testing.assert_allclose([frame.time_s for frame in frames], times_s, atol=1e-4)
    # The outline is orange, the phantom grey.
    assert all((frame.image[..., 0] - frame.image[..., 2].astype(int)).max() > 60 for frame in frames)
    assert [file.name for file in path.parent.iterdir()] == ["clip.mp4"]


def test_the_speed_of_every_step_is_measured(film, predictor, tmp_path):
    speed = Speed()
    for _ in outline_video(predictor, read_video(film), overlay=tmp_path / "clip.mp4", speed=speed):
        pass
    assert speed.num_frames == 24
    assert speed.frames_per_s > 0
    assert set(speed.step_ms()) == {"decode", "network", "smoothing", "mask and measures", "overlay", "encode"}
    assert all(value > 0 for value in speed.step_ms().values())


def test_an_error_while_reading_ends_the_run_and_leaves_no_film(film, predictor, tmp_path):
    frames = list(read_video(film).frames())[:5]
    before = threading.active_count()
    source = Pictures(*frames, InputError("damaged"))
    analyses = outline_video(predictor, source, overlay=tmp_path / "clip.mp4")
    assert [next(analyses).frame for _ in range(5)] == frames
    with pytest.raises(InputError, match="damaged"):
        next(analyses)
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_network_ends_the_run(film, tmp_path):
    def fail(images):
        raise MemoryError

    before = threading.active_count()
    with pytest.raises(MemoryError) as caught:
        list(outline_video(Predictor.from_function(fail, METADATA), read_video(film), overlay=tmp_path / "clip.mp4"))
    assert threading.active_count() == before, "also while somebody holds the error"
    assert caught.traceback
    assert not list(tmp_path.iterdir())


def test_a_damaged_model_is_an_error_of_the_user(film):
    broken = Predictor.from_function(lambda images: np.full(images.shape[:3], np.nan, np.float32), METADATA)
    with pytest.raises(InputError, match="the model gives what is no probability"):
        list(outline_video(broken, read_video(film)))


def test_who_stops_early_leaves_no_thread_and_no_film(film, predictor, tmp_path):
    before = threading.active_count()
    analyses = outline_video(predictor, read_video(film), overlay=tmp_path / "clip.mp4")
    next(analyses)
    assert threading.active_count() > before
    analyses.close()
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())


def test_no_more_than_a_few_frames_are_held(predictor, tmp_path):
    """The source counts how far it is ahead of what was taken."""
    image = np.full((48, 64, 3), 200, np.uint8)
    made = []

    class Endless:
        def frames(self):
            while True:
                made.append(1)
                yield Frame(image, "x", time_s=len(made) / 30)

    analyses = outline_video(predictor, Endless(), overlay=tmp_path / "clip.mp4")
    for taken in range(1, 101):
        next(analyses)
        assert len(made) - taken <= 8
    analyses.close()


def test_frames_without_a_time_are_not_smoothed(film, predictor):
    frames = [replace(frame, time_s=None) for frame in read_video(film).frames()]
    smoothed = [a.prediction.mask for a in outline_video(predictor, Pictures(*frames), smoothing_s=0.1)]
    np.testing.assert_array_equal(smoothed, [p.mask for p in predictor.predict([frame.image for frame in frames])])


@pytest.mark.slow
def test_memory_is_the_same_at_frame_50_and_at_frame_300(tmp_path):
    film = write_phantom_film(tmp_path / "clip.mp4", 300, 480, 640)
    command = [sys.executable, "-c", MEMORY, str(film), str(tmp_path / "overlay.mp4")]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    early, late, num = map(float, output)
    assert num == 300
    assert late < early + 10  # MiB; 250 frames alone are 220
