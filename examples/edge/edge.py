"""Frame in, mask out, beside a scanner: folder, video or camera -> ring buffer -> network -> smoothing -> mask.

One file to copy to the cart: it needs ai-edge-litert, numpy, opencv-python-headless and Pillow, and the two files that
`hanet export` wrote, model.tflite and metadata.json. Masks are those of `hanet predict` when smoothing is off.
Research use only, not a medical device.
"""

import argparse
import json
import os
import re
import sys
import threading
import time
import zipfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

INTENDED_USE = "Research use only, not a medical device."
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MASK_NAME = re.compile(r"_mask(_\d+)?$")  # left out of a folder, as `hanet predict` does
COLOUR = (0, 150, 255)  # orange, in OpenCV's order of blue, green, red


class Refused(Exception):
    """What the user gave cannot be used; the message says why, and the program ends with exit code 2."""


@dataclass(frozen=True)
class Frame:
    """One picture of the stream."""

    name: str  # what its mask is called
    image: np.ndarray  # (H, W, 3) uint8, BGR
    stream_s: float  # when it was seen, in seconds of the stream; smoothing goes by it
    captured_s: float  # when it came out of the source, by the process's clock; latency counts from it


class Ring:
    """A buffer of fixed size between two threads. When it is full the oldest frame goes, and is counted.

    Args:
        size: frames that wait at most.
        is_live: False lets `put` wait for room instead, for sources that can.
    """

    def __init__(self, size, is_live):
        self._frames, self._size, self._is_live = deque(), size, is_live
        self._changed = threading.Condition()
        self._closed = False
        self.num_captured = self.num_dropped = 0

    def put(self, frame):
        """Add a frame; False once the ring is closed."""
        with self._changed:
            while not self._is_live and len(self._frames) == self._size and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self.num_captured += 1
            if len(self._frames) == self._size:
                self._frames.popleft()
                self.num_dropped += 1
            self._frames.append(frame)
            self._changed.notify_all()
            return True

    def get(self):
        """The oldest frame that waits; None once the ring is closed and empty."""
        with self._changed:
            while not self._frames and not self._closed:
                self._changed.wait()
            frame = self._frames.popleft() if self._frames else None
            self._changed.notify_all()
            return frame

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Smoother:
    """Exponential smoothing whose time constant is in seconds, so that it is the same at every frame rate.

    A step in the picture has reached 63 % after `seconds`; 0 switches smoothing off.
    """

    def __init__(self, seconds):
        self._seconds, self._value, self._last_s = seconds, None, None

    def update(self, probability, stream_s):
        """Smooth one more (S, S) float32 probability of a frame seen at `stream_s`."""
        if self._value is None or self._seconds == 0:
            self._value = probability
        else:
            share = 1 - np.exp(-max(0.0, stream_s - self._last_s) / self._seconds)
            self._value = self._value + np.float32(share) * (probability - self._value)
        self._last_s = stream_s
        return self._value


def read_inside(file):
    """The metadata that `hanet export` put behind the model's last byte, as a ZIP archive; None if there is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return json.loads(archive.read("metadata.json"))
    except (zipfile.BadZipFile, KeyError):
        return None


class Network:
    """model.tflite with the operating point that lies beside it in metadata.json."""

    def __init__(self, path, num_threads):
        from ai_edge_litert.interpreter import Interpreter

        file = path / "model.tflite" if path.is_dir() else path
        try:
            values = json.loads((file.parent / "metadata.json").read_text())
            self.size, self.threshold = values["size"], values["threshold"]
            self.min_lesion_share = values["min_lesion_share"]
            interpreter = Interpreter(model_path=str(file), num_threads=num_threads)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Refused(f"{file}: expected a model.tflite and its metadata.json, both whole ({error!r})") from error
        if read_inside(file) not in (None, values):
            raise Refused(f"{file}: metadata.json beside it is another model's; copy the whole folder again")
        interpreter.allocate_tensors()
        self._run = interpreter.get_signature_runner()
        self.probability(np.zeros((self.size, self.size, 3), np.uint8))  # the first run prepares what later ones use

    def probability(self, image):
        """(H, W, 3) uint8 BGR -> (S, S) float32, 0..1."""
        rgb = Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        small = np.asarray(rgb.resize((self.size, self.size), Image.Resampling.BILINEAR), np.float32)
        return self._run(image=small[None])["probability"][0, ..., 0]

    def mask(self, probability, height, width):
        """(S, S) float32 -> (H, W) uint8 {0, 1}: resized, then the threshold, then without small regions."""
        resized = Image.fromarray(probability).resize((width, height), Image.Resampling.BILINEAR)
        above = (np.asarray(resized) >= self.threshold).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
        kept = stats[:, cv2.CC_STAT_AREA] >= self.min_lesion_share * height * width
        kept[0] = False
        return kept.astype(np.uint8)[labels]


class Log:
    """Latency (capture to mask), its jitter (change from one frame to the next), speed, and frames that were lost."""

    def __init__(self, every_s):
        self._every_s, self._start_s = every_s, time.monotonic()
        self._said_s, self._said_num = self._start_s, 0
        self.latencies_ms = []

    def add(self, latency_ms, ring):
        self.latencies_ms.append(latency_ms)
        now = time.monotonic()
        if now - self._said_s >= self._every_s:
            values = summarise(self.latencies_ms[self._said_num :], now - self._said_s)
            words = [f"{now - self._start_s:7.1f} s", f"{values['frames_per_s']:.1f} frames/s"]
            for name in ("latency", "jitter"):
                words.append(f"{name} p50 {{p50}} p95 {{p95}} max {{max}} ms".format(**values[f"{name}_ms"]))
            print("  ".join([*words, f"dropped {ring.num_dropped}"]), file=sys.stderr, flush=True)
            self._said_s, self._said_num = now, len(self.latencies_ms)

    def summary(self, ring):
        values = summarise(self.latencies_ms, time.monotonic() - self._start_s)
        return {**values, "captured": ring.num_captured, "dropped": ring.num_dropped, "intended_use": INTENDED_USE}


def summarise(latencies_ms, seconds):
    """{"frames", "frames_per_s", "latency_ms", "jitter_ms"}, the latter two as p50, p95 and max; None if there is none.

    Jitter is |latency - latency of the frame before|.
    """
    values = {"frames": len(latencies_ms), "frames_per_s": round(len(latencies_ms) / seconds, 2)}
    for name, times in (("latency_ms", np.array(latencies_ms)), ("jitter_ms", np.abs(np.diff(latencies_ms)))):
        found = np.percentile(times, (50, 95, 100)).round(2).tolist() if len(times) else [None] * 3
        values[name] = dict(zip(("p50", "p95", "max"), found, strict=True))
    return values


def read_frames(source, frames_per_s):
    """Yield (name, image, time in the stream in seconds or None for a camera) of a folder, video file or camera."""
    folder = Path(source)
    if folder.is_dir():
        images = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        paths = sorted(path for path in images if not MASK_NAME.search(path.stem))
        if not paths:
            raise Refused(f"{folder}: expected a folder with images ({', '.join(SUFFIXES)}), found none")
        if len({path.stem for path in paths}) < len(paths):
            raise Refused(f"{folder}: two images have one name but for its end, and so would their masks; rename one")
        for number, path in enumerate(paths):
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise Refused(f"{path}: expected an image, and it cannot be read; copy it again from its source")
            yield path.stem, image, number / frames_per_s
        return
    is_camera = source.isdecimal()
    video = cv2.VideoCapture(int(source) if is_camera else source)
    try:
        if not video.isOpened():
            raise Refused(f"{source}: expected a folder of images, a video file or a camera's number; check it")
        own_rate = video.get(cv2.CAP_PROP_FPS) or frames_per_s
        number = 0
        while (taken := video.read())[0]:
            yield f"{number:06d}", taken[1], None if is_camera else number / own_rate
            number += 1
    finally:
        video.release()


def capture(frames, ring, realtime, failures):
    """Put `frames` into the ring, at `realtime` frames a second or as they come; what goes wrong goes to `failures`."""
    start = time.monotonic()
    try:
        for number, (name, image, stream_s) in enumerate(frames):
            if realtime and stream_s is not None:  # a camera has its own time
                stream_s = number / realtime
                time.sleep(max(0.0, start + stream_s - time.monotonic()))
            now = time.monotonic()
            if not ring.put(Frame(name, image, now - start if stream_s is None else stream_s, now)):
                break
    except Exception as error:  # the main thread raises it again
        failures.append(error)
    finally:
        ring.close()


def process(ring, network, smoother, output, log, with_overlays):
    """Turn the frames of a ring into masks until it is closed and empty."""
    while (frame := ring.get()) is not None:
        height, width, _ = frame.image.shape
        probability = smoother.update(network.probability(frame.image), frame.stream_s)
        mask = network.mask(probability, height, width)
        latency_ms = 1000 * (time.monotonic() - frame.captured_s)
        write_png(output / "masks" / f"{frame.name}.png", mask * 255)
        if with_overlays:
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            picture = cv2.drawContours(frame.image.copy(), outlines, -1, COLOUR, thickness=2)
            write_png(output / "overlays" / f"{frame.name}.png", picture)
        log.add(latency_ms, ring)


def write_png(path, picture):
    """Write a picture whole or not at all; compressed little, because the next frame waits."""
    temporary = path.with_name(f".part-{path.name}")
    temporary.write_bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())
    os.replace(temporary, path)


def run(arguments, network=None):
    """Run the chain and give its summary; raises Refused if the source or the model cannot be used."""
    network = network or Network(arguments.model, arguments.threads)
    for name in ("masks", "overlays") if arguments.overlays else ("masks",):
        (arguments.output / name).mkdir(parents=True, exist_ok=True)
    is_camera = arguments.source.isdecimal() and not Path(arguments.source).is_dir()
    is_live = is_camera or bool(arguments.realtime)
    ring, log, failures = Ring(arguments.buffer, is_live), Log(arguments.log_every), []
    frames = read_frames(arguments.source, arguments.realtime or 30.0)
    thread = threading.Thread(target=capture, args=(frames, ring, arguments.realtime, failures), daemon=True)
    thread.start()
    try:
        process(ring, network, Smoother(arguments.smoothing), arguments.output, log, arguments.overlays)
    except KeyboardInterrupt:
        print("interrupted; what was written is whole", file=sys.stderr)
    finally:
        ring.close()
        thread.join(timeout=5)
    if failures:
        raise failures[0]
    return log.summary(ring)


def parse(argv):
    parser = argparse.ArgumentParser(description=f"Frames in, masks out. {INTENDED_USE}")
    add = parser.add_argument
    add("source", help="folder of images, video file, or number of a camera")
    add("--model", type=Path, required=True, help="folder with model.tflite and metadata.json")
    add("--output", type=Path, default=Path("edge"), help="folder of the masks (default: edge)")
    add("--overlays", action="store_true", help="write the frames with the outline drawn, too")
    add("--realtime", type=_number, metavar="FPS", help="replay a recording at this rate")
    add("--smoothing", type=_number, default=0.1, metavar="S", help="time constant (default: 0.1; 0 switches it off)")
    add("--buffer", type=int, choices=range(1, 65), default=2, metavar="N", help="frames that wait (default: 2)")
    add("--threads", type=int, choices=range(1, 65), default=1, metavar="N", help="of the network (default: 1)")
    add("--log-every", type=_number, default=1.0, metavar="S", help="seconds between two lines (default: 1)")
    return parser.parse_args(argv)


def _number(word):
    if not 0 <= float(word) < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, got {word}")
    return float(word)


def main(argv=None):
    try:
        print(json.dumps(run(parse(argv))))
    except Refused as error:
        print(f"edge: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"edge: {error}; what was written before is whole", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
