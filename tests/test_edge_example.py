"""The example for a cart: drawn frames with a moving disk, a made model, and counts that can be checked by hand."""

import importlib.util
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_exports import METADATA, write_bright_tflite

from keras_hanet.data.preprocessing import decode_image
from keras_hanet.embedded_metadata import embed
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

FILE = Path(__file__).parents[1] / "examples" / "edge" / "edge.py"
HEIGHT, WIDTH, RADIUS = 96, 128, 15


@pytest.fixture(scope="module")
def edge():
    spec = importlib.util.spec_from_file_location("edge_example", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["edge_example"] = module  # where the dataclass looks for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules["edge_example"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Bright is lesion; regions below 1 % of the image are removed."""
    metadata = Metadata(METADATA.size, 0.5, 0.01, "what is bright is lesion")
    return write_bright_tflite(tmp_path_factory.mktemp("models") / "bright", metadata)


def disk(number):
    """(HEIGHT, WIDTH) bool: a disk that moves 8 pixels to the right from frame to frame."""
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    return (rows - 48) ** 2 + (columns - 24 - 8 * number) ** 2 <= RADIUS**2


@pytest.fixture
def frames(tmp_path):
    """Ten frames with the disk, and in a corner a speck of 5 x 5 pixels, below 1 % of the image."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(10):
        picture = np.where(disk(number), 230, 20).astype(np.uint8)
        picture[:5, :5] = 230
        cv2.imwrite(str(folder / f"f{number:02d}.png"), picture)
    return folder


def masks_of(folder):
    return {path.stem: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted((folder / "masks").iterdir())}


def call(edge, *words, network=None):
    return edge.run(edge.parse([str(word) for word in words]), network)


def test_mask_is_where_the_disk_is(edge, model, frames, tmp_path, capsys):
    output = tmp_path / "out"
    summary = call(edge, frames, "--model", model, "--output", output, "--smoothing", 0, "--overlays", "--log-every", 0)
    assert (summary["frames"], summary["captured"], summary["dropped"]) == (10, 10, 0)
    masks = masks_of(output)
    assert list(masks) == [f"f{number:02d}" for number in range(10)]
    for number, mask in enumerate(masks.values()):
        assert mask.shape == (HEIGHT, WIDTH)
        assert set(np.unique(mask)) == {0, 255}
        both = np.count_nonzero((mask > 0) & disk(number))
        assert 2 * both / (np.count_nonzero(mask) + np.count_nonzero(disk(number))) > 0.97
        assert not mask[:5, :5].any(), "the speck is removed"
    overlay = cv2.imread(str(output / "overlays" / "f00.png"))
    assert (overlay == edge.COLOUR).all(axis=-1).sum() > 40  # around a disk of radius 15
    assert overlay[48, 24].tolist() == [230, 230, 230]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert "frames/s  latency p50" in lines[0]
    assert lines[-1].endswith("dropped 0")


def test_masks_are_those_of_hanet_predict(edge, model, frames, tmp_path):
    call(edge, frames, "--model", model, "--output", tmp_path / "out", "--smoothing", 0)
    predictor = Predictor(model)
    for name, mask in masks_of(tmp_path / "out").items():
        [expected] = predictor.predict([decode_image(frames / f"{name}.png")])
        np.testing.assert_array_equal(mask, 255 * expected.mask)


def test_the_network_gets_red_first(edge, model):
    network = edge.Network(model, 1)
    network._run = lambda image: {"probability": image[..., :1]}
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 2] = 200  # red, in OpenCV's order
    probability = network.probability(image)
    assert probability.shape == (METADATA.size, METADATA.size)
    assert (probability == 200).all()


def test_a_video_gives_the_same_disk(edge, model, tmp_path):
    video = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (WIDTH, HEIGHT))
    if not video.isOpened():
        pytest.skip("this OpenCV writes no video")
    for number in range(5):
        video.write(np.where(disk(number), 230, 20)[..., None].repeat(3, axis=-1).astype(np.uint8))
    video.release()
    assert [(name, second) for name, _, second in edge.read_frames(str(tmp_path / "v.avi"), 30.0)] == [
        (f"{number:06d}", number / 25) for number in range(5)
    ]
    call(edge, tmp_path / "v.avi", "--model", model, "--output", tmp_path / "out", "--smoothing", 0)
    for number, mask in enumerate(masks_of(tmp_path / "out").values()):
        assert np.mean((mask > 0) == disk(number)) > 0.99


# === Ring ===


def frame(edge, number):
    return edge.Frame(str(number), None, float(number), 0.0)


def test_a_full_live_ring_drops_the_oldest(edge):
    ring = edge.Ring(4, is_live=True)
    assert all(ring.put(frame(edge, number)) for number in range(10))
    ring.close()
    assert (ring.num_captured, ring.num_dropped) == (10, 6)
    assert [ring.get().name for _ in range(4)] == ["6", "7", "8", "9"]
    assert ring.get() is None
    assert not ring.put(frame(edge, 11))


def test_a_recording_waits_for_room(edge):
    ring = edge.Ring(2, is_live=False)
    thread = threading.Thread(target=edge.capture, args=([(str(n), None, 0.0) for n in range(10)], ring, None, []))
    thread.start()
    taken = []
    while (got := ring.get()) is not None:
        time.sleep(0.002)
        taken.append(got.name)
    thread.join()
    assert taken == [str(number) for number in range(10)]
    assert (ring.num_captured, ring.num_dropped) == (10, 0)


def test_a_closed_ring_lets_a_waiting_source_go(edge):
    ring = edge.Ring(1, is_live=False)
    ring.put(frame(edge, 0))
    thread = threading.Thread(target=ring.put, args=(frame(edge, 1),))
    thread.start()
    ring.close()
    thread.join(timeout=5)
    assert not thread.is_alive()


class HeldNetwork:
    """A network that works on its first frame until the source has ended."""

    def __init__(self):
        self.source_has_ended, self.num = threading.Event(), 0

    def probability(self, image):
        self.num += 1
        assert self.source_has_ended.wait(timeout=10)
        return np.zeros((8, 8), np.float32)

    def mask(self, probability, height, width):
        return np.zeros((height, width), np.uint8)


def test_frames_that_a_slow_network_misses_are_counted(edge, frames, tmp_path, monkeypatch):
    """Ten frames at 100 a second: one is worked on, the last four wait, the five between are lost."""
    network, capture = HeldNetwork(), edge.capture

    def capture_then_tell(frames, ring, realtime, failures):
        put = ring.put

        def put_then_let_begin(frame):
            done = put(frame)
            deadline = time.monotonic() + 10
            while network.num == 0 and time.monotonic() < deadline:
                time.sleep(0.001)
            return done

        ring.put = put_then_let_begin
        capture(frames, ring, realtime, failures)
        network.source_has_ended.set()

    monkeypatch.setattr(edge, "capture", capture_then_tell)
    words = (frames, "--model", "unused", "--output", tmp_path / "out", "--realtime", 100, "--buffer", 4)
    summary = call(edge, *words, network=network)
    assert (summary["captured"], summary["frames"], summary["dropped"]) == (10, 5, 5)
    assert list(masks_of(tmp_path / "out")) == ["f00", "f06", "f07", "f08", "f09"]
    # The first frame waited for nine frames of 10 ms, less what the first of them took to come.
    assert summary["latency_ms"]["max"] > 80


def test_a_replay_keeps_its_rate(edge, frames):
    ring, failures = edge.Ring(20, is_live=True), []
    edge.capture(edge.read_frames(str(frames), 50.0), ring, 50.0, failures)
    seen = [ring.get() for _ in range(10)]
    assert [one.stream_s for one in seen] == [number / 50 for number in range(10)]
    captured = [one.captured_s - seen[0].captured_s for one in seen]
    assert all(at >= number / 50 - 0.015 for number, at in enumerate(captured)), "none comes early"
    assert failures == []


# === Smoothing and log ===


@pytest.mark.parametrize("rate", [10, 25, 100])
def test_a_step_reaches_63_percent_after_the_time_constant_at_any_rate(edge, rate):
    smoother = edge.Smoother(0.2)
    assert smoother.update(np.zeros((2, 2), np.float32), 0.0).max() == 0
    for number in range(1, rate // 5 + 1):
        value = smoother.update(np.ones((2, 2), np.float32), number / rate)
    np.testing.assert_allclose(value, 1 - np.exp(-1), rtol=1e-5)
    assert value.dtype == np.float32


def test_smoothing_off_is_the_frame_itself(edge):
    smoother = edge.Smoother(0.0)
    for value in (0.0, 1.0, 0.25):
        assert (smoother.update(np.full((2, 2), value, np.float32), 0.0) == value).all()


def test_log_by_hand(edge):
    values = edge.summarise([10.0, 12.0, 11.0, 31.0, 11.0], seconds=2.0)
    assert (values["frames"], values["frames_per_s"]) == (5, 2.5)
    # Sorted 10 11 11 12 31: the 95th percentile lies four fifths of the way from 12 to 31.
    assert values["latency_ms"] == {"p50": 11.0, "p95": 27.2, "max": 31.0}
    # Changes 2 1 20 20.
    assert values["jitter_ms"] == {"p50": 11.0, "p95": 20.0, "max": 20.0}
    assert edge.summarise([5.0], 1.0)["jitter_ms"] == {"p50": None, "p95": None, "max": None}


# === As a program ===


def test_it_runs_alone_without_keras_hanet(model, frames, tmp_path):
    (tmp_path / "cart").mkdir()
    (tmp_path / "cart" / "edge.py").write_bytes(FILE.read_bytes())
    code = (
        "import runpy, sys\n"
        "sys.modules['keras_hanet'] = sys.modules['tensorflow'] = None\n"  # importing them fails
        "runpy.run_path('edge.py', run_name='__main__')"
    )
    words = [str(frames), "--model", str(model), "--realtime", "100", "--threads", "2"]
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=tmp_path / "cart", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["captured"] == summary["frames"] + summary["dropped"] == 10
    assert summary["intended_use"] == "Research use only, not a medical device."
    assert len(list((tmp_path / "cart" / "edge" / "masks").iterdir())) == summary["frames"]


def refuse(edge, capsys, *words):
    assert edge.main([str(word) for word in words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_what_cannot_be_used_is_a_sentence(edge, model, frames, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.tflite").write_bytes(b"no model")
    (tmp_path / "metadata.json").write_bytes((model / "metadata.json").read_bytes())
    output = ("--output", tmp_path / "out")
    use = ("--model", model, *output)
    assert "expected a folder with images" in refuse(edge, capsys, tmp_path / "empty", *use)
    assert "a video file or a camera's number" in refuse(edge, capsys, tmp_path / "nothing.avi", *use)
    assert "its metadata.json, both whole" in refuse(edge, capsys, frames, "--model", tmp_path, *output)
    assert "No such file" in refuse(edge, capsys, frames, "--model", tmp_path / "nowhere" / "model.tflite", *output)
    (frames / "f00.jpg").write_bytes(b"no image")
    assert "two images have one name" in refuse(edge, capsys, frames, *use)
    (frames / "f00.png").unlink()
    assert "f00.jpg: expected an image, and it cannot be read" in refuse(edge, capsys, frames, *use)


def test_metadata_of_another_model_is_refused(edge, model, frames, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    values = json.loads((folder / "metadata.json").read_text())
    embed(folder / "model.tflite", values)
    call(edge, frames, "--model", folder, "--output", tmp_path / "out")
    (folder / "metadata.json").write_text(json.dumps({**values, "threshold": 0.99}))
    with pytest.raises(edge.Refused, match=r"metadata\.json beside it is another model's; copy the whole folder again"):
        call(edge, frames, "--model", folder, "--output", tmp_path / "out")


def test_metadata_that_is_no_record_is_refused(edge, model, frames, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    (folder / "metadata.json").write_text("[]")
    with pytest.raises(edge.Refused, match=r"expected a model\.tflite and its metadata\.json, both whole"):
        call(edge, frames, "--model", folder, "--output", tmp_path / "out")


def test_masks_beside_the_frames_are_left_out(edge, model, frames, tmp_path):
    cv2.imwrite(str(frames / "f00_mask.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    assert call(edge, frames, "--model", model, "--output", tmp_path / "out")["frames"] == 10
