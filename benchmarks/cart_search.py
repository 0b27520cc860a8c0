"""The search for the cart's network: what each candidate costs in int8 on one thread, and what it scores.

    python benchmarks/cart_search.py latency docs/results/cart-search
    python benchmarks/cart_search.py collect docs/results/cart-search RUNS

`latency` times every candidate with random weights: a network's time does not depend on them. `collect` takes the
validation scores of the finished runs RUNS/NAME, one a candidate, and draws the front. Research use only.
"""

import argparse
import csv
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from keras_hanet.benchmark.runner import find_artefacts, measure
from keras_hanet.evaluation.markdown import format_table
from keras_hanet.files import replacing, write_json, write_table
from keras_hanet.models.config import HANetConfig
from keras_hanet.reports.charts import draw_points
from keras_hanet.reports.svg import standalone
from keras_hanet.training.config import read_config

RECIPE = ("learning_rate", "bce_weight", "jaccard_smooth", "normal_repeats", "extra_ratio")
FULL, HALF, QUARTER = (256, 128, 64, 32, 16), (128, 64, 32, 16, 16), (64, 48, 32, 16, 16)
# The name says what is not the default: side, decoder, where the logits end, bottleneck.
CANDIDATES = {
    "256-full": {},
    "256-half": {"decoder_filters": HALF},
    "256-half-logits2": {"decoder_filters": HALF[:4], "logits_stride": 2},
    "256-quarter-logits2": {"decoder_filters": QUARTER[:4], "logits_stride": 2},
    "256-half-logits4": {"decoder_filters": HALF[:3], "logits_stride": 4},
    "256-half-logits2-stride16": {"decoder_filters": HALF[1:4], "logits_stride": 2, "bottleneck_stride": 16},
    "224-half-logits2": {"size": 224, "decoder_filters": HALF[:4], "logits_stride": 2},
    "224-quarter-logits2": {"size": 224, "decoder_filters": QUARTER[:4], "logits_stride": 2},
    "192-full": {"size": 192},
    "192-half": {"size": 192, "decoder_filters": HALF},
    "192-half-logits2": {"size": 192, "decoder_filters": HALF[:4], "logits_stride": 2},
    "192-full-logits2": {"size": 192, "decoder_filters": FULL[:4], "logits_stride": 2},
    "192-half-channels": {"size": 192, "decoder_filters": HALF, "feature_enhancement": "channels"},
    "192-half-no-tam": {
        "size": 192, "decoder_filters": HALF, "self_attention": "none", "spatial_attention": False,
    },
    "320-half-logits2": {"size": 320, "decoder_filters": HALF[:4], "logits_stride": 2},
    "320-quarter-logits4-stride16": {
        "size": 320, "decoder_filters": (48, 32), "logits_stride": 4, "bottleneck_stride": 16,
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("latency", "collect"))
    parser.add_argument("folder", type=Path, help="folder of the search's files")
    parser.add_argument("runs", type=Path, nargs="?", help="folder of the finished runs")
    arguments = parser.parse_args()
    if arguments.step == "latency":
        time_candidates(arguments.folder / "latency.json")
    else:
        collect(arguments.folder, arguments.runs)


def time_candidates(path):
    rows = json.loads(path.read_text()) if path.exists() else {}
    for name, switches in CANDIDATES.items():
        if name not in rows:
            rows[name] = time_candidate(HANetConfig(encoder="efficientnet_lite0", **switches))
            print(f"{name}: {rows[name]['network_ms']['median']:.2f} ms", flush=True)
            write_json(path, rows)


def time_candidate(config):
    from keras_hanet.export.formats import FORMATS
    from keras_hanet.export.rewrite import pool_before_projection
    from keras_hanet.export.source import Source
    from keras_hanet.metadata import METADATA_NAME, Metadata
    from keras_hanet.models.networks import build_network

    rng = np.random.default_rng(0)
    calibration = rng.uniform(0, 255, (4, config.size, config.size, 3)).astype(np.float32)
    metadata = Metadata(config.size, 0.5, 0.0, "random weights")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = Source(pool_before_projection(build_network(config)), metadata, calibration, folder)
        FORMATS["tflite_int8"].write(source, folder / FORMATS["tflite_int8"].file)
        write_json(folder / METADATA_NAME, vars(metadata))
        image = folder / "image.png"
        cv2.imwrite(str(image), rng.integers(0, 255, (500, 600), np.uint8))
        rows, _ = measure(find_artefacts([folder / FORMATS["tflite_int8"].file], []), [1], image, rounds=1, seconds=3)
    return {"config": asdict(config), **{key: rows[0][key] for key in ("network_ms", "image_ms", "file_mib")}}


def collect(folder, runs):
    """search.csv, a row a run; front.svg, a point a network."""
    latency = json.loads((folder / "latency.json").read_text())
    rows = [describe_run(path, latency) for path in sorted(runs.glob("*/config.json"))]
    write_table(folder / "search.csv", list(rows[0]), rows)
    with replacing(folder / "front.svg") as temporary:
        temporary.write_text(standalone(draw_front(rows)), encoding="utf-8")
    print(format_table([tuple(rows[0]), *(tuple(map(str, row.values())) for row in rows)]))


def describe_run(path, latency):
    """A run's network with its time, what of its recipe differs from the others, and its best validation epoch."""
    config = read_config(path)
    named = [name for name, row in latency.items() if HANetConfig(**row["config"]) == config.model]
    with path.with_name("history.csv").open(newline="") as file:
        epochs = list(csv.DictReader(file))
    best = max(epochs, key=lambda epoch: float(epoch["val_score"]))
    return {
        "run": path.parent.name,
        "network": named[0] if named else "",
        "network_ms": round(latency[named[0]]["network_ms"]["median"], 2) if named else "",
        **{key: getattr(config, key) for key in RECIPE},
        "epochs": f"{len(epochs)} of {config.epochs}",  # some were stopped
        "val_dice": round(float(best["val_dice"]), 4),
        "val_score": round(float(best["val_score"]), 4),
    }


def draw_front(rows):
    """Validation Dice against the network's time."""
    points = [(row["run"], row["network_ms"], 100 * row["val_dice"], False) for row in rows if row["network_ms"] != ""]
    return draw_points(
        "cart-search", "Dice against time", "int8 on one thread, ms", "Dice of BUSI fold 1 (validation), %", points
    )


if __name__ == "__main__":
    main()
