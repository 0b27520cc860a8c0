"""What training costs as images, resolution and devices grow: measured on one core, extrapolated on paper.

python benchmarks/scale.py --write    measures, five minutes; writes docs/results/scale and the tables of docs/scale.md
python benchmarks/scale.py --check    exit code 1 if the page does not say what the result says
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from rows import markdown_table, page_with, run_row

from keras_hanet.benchmark.machine import busy_warning, child_environment, describe_machine, peak_memory_mib
from keras_hanet.files import replacing, write_json

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "results" / "scale" / "scale.json"
PAGE = ROOT / "docs" / "scale.md"
START, END = "<!-- scale: written by benchmarks/scale.py -->\n", "<!-- end of scale -->\n"
SIZES = (64, 128, 224, 256)
BATCH_SIZE = 8
STEPS = 4
IMAGES = 120  # read for the input's speed
MANY = 1_000_000
DEVICES = (1, 8)


def measure_step(size):
    """One size in a process of its own: seconds of a step of the network of preset `cart`, and its peak memory."""
    import keras
    import numpy as np

    from keras_hanet.models.networks import build_network
    from keras_hanet.training.compile import compile_model
    from keras_hanet.training.fused_batch_norm import fuse_batch_norm
    from keras_hanet.training.presets import preset

    keras.utils.set_random_seed(0)
    config = preset("cart")
    config = type(config)(
        model=type(config.model)(**{**vars(config.model), "size": size, "encoder_weights": "none"}),
        batch_size=BATCH_SIZE,
    )
    model = fuse_batch_norm(build_network(config.model))
    compile_model(model, config, steps_per_epoch=STEPS)
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (BATCH_SIZE, size, size, 3)).astype("float32")
    mask = (rng.uniform(size=(BATCH_SIZE, size, size, 1)) > 0.9).astype("float32")
    seconds = []
    for _ in range(2 + STEPS):
        start = time.process_time()
        model.train_on_batch(image, mask)
        seconds.append(time.process_time() - start)
    return {"size": size, "step_s": min(seconds[2:]), "peak_mib": peak_memory_mib()}


def measure_input():
    """Processor time to decode and resize a phantom of 500 x 500 pixels or so with its mask."""
    from keras_hanet.data.layouts import read_samples
    from keras_hanet.data.phantoms import write_phantoms
    from keras_hanet.data.storage import Files

    with tempfile.TemporaryDirectory() as folder:
        samples = read_samples(write_phantoms(Path(folder) / "phantoms", num=IMAGES, seed=0))[1]
        files = Files(tuple(samples), 224)
        height, width = _size_of(samples[0])
        start = time.process_time()
        for position in range(len(samples)):
            files.pair(position)
        seconds = time.process_time() - start
        num_bytes = sum(path.stat().st_size for sample in samples for path in (sample.image, *sample.masks))
    return {
        "images_per_s": len(samples) / seconds,
        "height": height,
        "width": width,
        "kib_per_image": num_bytes / len(samples) / 1024,
    }


def _size_of(sample):
    from keras_hanet.data.preprocessing import decode_image

    return decode_image(sample.image).shape[:2]


def measure_all():
    machine = describe_machine()
    if busy_warning(machine):
        print(busy_warning(machine), file=sys.stderr)
    os.environ.update(child_environment(1))
    os.environ["KERAS_BACKEND"] = "tensorflow"
    steps = [run_row(sys.executable, "scale.py", "--step", size) for size in SIZES]
    return {"machine": machine, "batch_size": BATCH_SIZE, "steps": steps, "input": measure_input()}


def describe(result):
    """The tables of the page, in Markdown."""
    steps, reading, machine = result["steps"], result["input"], result["machine"]
    smallest = steps[0]
    measured = [
        [
            str(step["size"]),
            f"{step['step_s']:.2f}",
            f"{result['batch_size'] / step['step_s']:.1f}",
            f"{step['step_s'] / smallest['step_s']:.1f}",
            f"{(step['size'] / smallest['size']) ** 2:.1f}",
            f"{step['peak_mib']:.0f}",
            "measured",
        ]
        for step in steps
    ]
    return "\n".join([
        f"One core of {machine['cpu']}, TensorFlow, processor time (load at the start {machine['load_average']:g}); "
        f"network of the preset `cart`, batch {result['batch_size']}:",
        "",
        markdown_table(
            ["S, px", "step, s", "images/s", "x the smallest step", "x its pixels", "peak memory, MiB", "kind"],
            measured,
        ),
        "",
        f"Decoding and resizing an image of about {reading['width']} x {reading['height']} pixels with its mask: "
        f"{reading['images_per_s']:.0f} images/s on one core (measured), {reading['kib_per_image']:.0f} KiB of files.",
        "",
        f"An epoch of {MANY:,} images at S = 224:",
        "",
        markdown_table(["what", *(f"{num} device{'s' * (num > 1)}" for num in DEVICES), "kind"], _on_paper(result)),
        "",
    ])  # fmt: skip


def _on_paper(result):
    """Rows for a million images."""
    step = next(step for step in result["steps"] if step["size"] == 224)
    images_per_s = result["batch_size"] / step["step_s"]
    read_h = MANY / result["input"]["images_per_s"] / 3600
    train_h = MANY / images_per_s / 3600
    rows = [
        ["steps of an epoch, devices as fast as this core, h", *(f"{train_h / num:.0f}" for num in DEVICES)],
        ["reading the files on one core of each device's machine, h", *(f"{read_h / num:.1f}" for num in DEVICES)],
        ["check of every image before the first epoch, process 0 alone, h", *(f"{read_h:.1f}" for _ in DEVICES)],
        ["images in memory, each process, GiB", *(f"{4 * 224**2 * MANY / 2**30:.0f}" for _ in DEVICES)],
        ["files, GiB", *(f"{result['input']['kib_per_image'] * MANY / 2**20:.0f}" for _ in DEVICES)],
        ["cores that reading needs for devices of 1,000 images/s each",
         *(f"{num * 1000 / result['input']['images_per_s']:.0f}" for num in DEVICES)],
    ]  # fmt: skip
    return [[*row, "extrapolated"] for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the result, and its tables in docs/scale.md")
    parser.add_argument("--check", action="store_true", help="only say whether docs/scale.md has the kept result")
    parser.add_argument("--step", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(measure_step(arguments.step)))
        return
    if arguments.check:
        sys.exit(page_with(PAGE, START, END, describe(json.loads(RESULT.read_text()))) != PAGE.read_text())
    result = measure_all()
    print(describe(result))
    if arguments.write:
        write_json(RESULT, result)
        text = page_with(PAGE, START, END, describe(result))
        with replacing(PAGE) as temporary:
            temporary.write_text(text)


if __name__ == "__main__":
    main()
