"""Films through the network: frames a second, milliseconds of each step, memory, frames a live source would lose.

Phantom cines, 640 x 480 and 1920 x 1080 pixels as MP4 and 640 x 480 as DICOM; each row is the fastest of three
processes. Beside them: how much the outlines of the first film flicker, with and without smoothing.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from rows import markdown_table, page_with, run_row

from keras_hanet.benchmark.machine import busy_warning, describe_machine, peak_memory_mib
from keras_hanet.files import replacing, write_json

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the phantom cine and the phantom DICOM file are drawn there
RESULT = ROOT / "docs" / "results" / "video" / "video.json"
PAGE = ROOT / "docs" / "video.md"
START, END = "<!-- video: written by benchmarks/video_speed.py -->\n", "<!-- end of video -->\n"
FILMS = {"MP4, 640 x 480": ("mp4", 300, 480, 640), "DICOM, 640 x 480": ("dcm", 300, 480, 640),
         "MP4, 1920 x 1080": ("mp4", 100, 1080, 1920)}  # fmt: skip
RUNS = (("cart", False), ("cart", True), ("densenet121-scratch", False))
BUFFERS = (2, 30)
EARLY = 50
CONSTANTS_S = (0.0, 0.1, 0.2)


def write_film(path, num, height, width):
    if path.suffix == ".mp4":
        from video_phantoms import write_phantom_film

        return write_phantom_film(path, num, height, width)
    from dicom_phantoms import BANNER, MARGIN, write_phantom_dicom

    write_phantom_dicom(path, num, height=height - BANNER, width=width - MARGIN, frame_time_ms=1000 / 30)
    return path


def measure(film, model, overlay):
    """One film through one model, in a process of its own: prints a JSON object."""
    from keras_hanet.inference import Predictor
    from keras_hanet.sources import open_source
    from keras_hanet.video.speed import Speed, count_dropped
    from keras_hanet.video.stream import outline_video

    predictor, speed = Predictor(model), Speed()
    start_s, early_mib = time.process_time(), None
    for _ in outline_video(predictor, open_source(film), overlay=overlay, speed=speed):
        if speed.num_frames == EARLY:
            early_mib = peak_memory_mib()
    cpu_s = time.process_time() - start_s
    print(json.dumps({
        "frames": speed.num_frames,
        "frames_per_s": speed.frames_per_s,
        "cpu_ms": 1000 * cpu_s / speed.num_frames,
        "step_ms": speed.step_ms(),
        "dropped": {str(buffer): count_dropped(speed.intervals_s, buffer=buffer) for buffer in BUFFERS},
        "peak_mib": {"early": early_mib, "end": peak_memory_mib()},
    }))  # fmt: skip


def measure_flicker(num=300, height=480, width=640):
    """Flicker and Dice of the masks of the shipped models for each time constant, and the flicker of the truth."""
    import numpy as np
    from video_phantoms import cine_frames

    from keras_hanet.inference import Predictor
    from keras_hanet.metrics.overlap import confusion, dice
    from keras_hanet.video.smoothing import Flicker, Smoother

    models = {name: Predictor(name) for name in ("cart", "densenet121-scratch")}
    true = Flicker()
    runs = {(name, s): (Smoother(s), Flicker(), []) for name in models for s in CONSTANTS_S}
    for number, (image, mask) in enumerate(cine_frames(num, height, width)):
        true.update(mask)
        answers = {name: predictor.probabilities_at_s([image])[0] for name, predictor in models.items()}
        for (name, _), (smoother, flicker, scores) in runs.items():
            probability = smoother.update(answers[name], image, number / 30)
            predicted = models[name].to_prediction(probability, mask.shape).mask
            flicker.update(predicted)
            scores.append(dice(confusion(mask, predicted)))
    rows = [
        {"model": name, "smoothing_s": s, "flicker": flicker.value, "dice": float(np.mean(scores))}
        for (name, s), (_, flicker, scores) in runs.items()
    ]
    return {"frames": num, "flicker_of_the_truth": true.value, "rows": rows}


def measure_all():
    machine, rows = describe_machine(), []
    if busy_warning(machine):
        print(busy_warning(machine), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for title, (suffix, num, height, width) in FILMS.items():
            film = write_film(Path(folder) / f"{height}.{suffix}", num, height, width)
            for model, with_overlay in RUNS:
                arguments = ["--measure", film, model, *([Path(folder) / "overlay.mp4"] if with_overlay else [])]
                runs = [run_row(sys.executable, "video_speed.py", *arguments) for _ in range(3)]
                best = max(runs, key=lambda run: run["frames_per_s"])
                rows.append({"film": title, "model": model, "overlay": with_overlay, **best})
                print(json.dumps(rows[-1]), file=sys.stderr)
    return {"machine": machine, "rows": rows, "smoothing": measure_flicker()}


def describe(result):
    """The tables of the page, in Markdown."""
    machine = result["machine"]
    header = [
        "film",
        "model",
        "overlay film",
        "frames/s by the clock",
        "if the cores did nothing else",
        "processor time, ms",
    ]
    header += _steps(result)
    header += ["lost at 30 frames/s, 2 wait", "30 wait", f"peak, MiB: frame {EARLY}", "last frame"]
    rows = [
        [
            f"{row['film']}, {row['frames']} frames", row["model"], "yes" if row["overlay"] else "no",
            f"{row['frames_per_s']:.1f}", f"{1000 * machine['cores'] / row['cpu_ms']:.0f}", f"{row['cpu_ms']:.0f}",
            *(f"{row['step_ms'][name]:.1f}" if name in row["step_ms"] else "" for name in _steps(result)),
            *(str(row["dropped"][str(buffer)]) for buffer in BUFFERS),
            *(f"{row['peak_mib'][when]:.0f}" for when in ("early", "end")),
        ]
        for row in result["rows"]
    ]  # fmt: skip
    smoothing = result["smoothing"]
    flickers = [
        [row["model"], f"{row['smoothing_s']:g}", f"{100 * row['flicker']:.2f} %", f"{100 * row['dice']:.1f} %"]
        for row in smoothing["rows"]
    ]
    return "\n".join([
        f"{machine['cores']} cores of {machine['cpu']}; load at the start {machine['load_average']:g}.",
        "",
        markdown_table(header, rows),
        "",
        f"Smoothing of {smoothing['frames']} frames, whose true masks change by "
        f"{100 * smoothing['flicker_of_the_truth']:.2f} % from frame to frame:",
        "",
        markdown_table(["model", "time constant, s", "flicker", "mean Dice"], flickers),
        "",
    ])  # fmt: skip


def _steps(result):
    return list(dict.fromkeys(name for row in result["rows"] for name in row["step_ms"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the result, and its tables in docs/video.md")
    parser.add_argument("--check", action="store_true", help="only say whether docs/video.md has the kept result")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        film, model, *overlay = arguments.measure
        return measure(Path(film), model, Path(overlay[0]) if overlay else None)
    if arguments.check:
        return sys.exit(page_with(PAGE, START, END, describe(json.loads(RESULT.read_text()))) != PAGE.read_text())
    result = measure_all()
    print(describe(result))
    if arguments.write:
        write_json(RESULT, result)
        text = page_with(PAGE, START, END, describe(result))
        with replacing(PAGE) as temporary:
            temporary.write_text(text)
    return None


if __name__ == "__main__":
    main()
