import csv
import json

import pytest

from keras_hanet.benchmark import report
from keras_hanet.version import INTENDED_USE

SPREAD = {"median": 10.0, "q25": 9.0, "q75": 12.0, "p05": 8.0, "p95": 20.0, "num": 4, "rounds": [10.0, 10.9]}
OURS = {
    "name": "tflite_int8",
    "kind": "tflite",
    "threads": 2,
    "network_ms": SPREAD,
    "image_ms": {**SPREAD, "median": 17.5},
    "load_s": 0.25,
    "file_mib": 3.5,
    "peak_memory_mib": 180.0,
    "flops": 2_000_000_000,
    "gflops_per_s": 200.0,
    "share_of_peak": 0.4,
}
PEER = {
    **OURS,
    **{"name": "peer.onnx", "kind": "peer", "network_ms": {**SPREAD, "median": 20.0, "rounds": [10.0, 11.1]}},
    **dict.fromkeys(("image_ms", "flops", "gflops_per_s", "share_of_peak")),
}
MACHINE = {"cpu": None, "flags": ["avx2"], "cores": 2, "load_average": 0.1, "versions": {"numpy": "2.4"}}
IMAGE = {"what": "a phantom", "height_px": 500, "width_px": 600}


@pytest.fixture
def made():
    settings = {"rounds": 2, "repeats": None, "seconds": 1.5}
    return report.make_report("hanet benchmark a", MACHINE, IMAGE, settings, [OURS, PEER], {2: 500.04}, ["it is busy"])


def test_rows_that_differ_between_rounds_are_said(made):
    first, second = made["warnings"]
    assert first == "it is busy"
    assert second.startswith("peer.onnx, threads: 2: the medians of the rounds lie between 10.00 and 11.10 ms")


def test_table_by_hand(made):
    lines = report.format_rows(made["rows"]).split("\n")[2:]
    ours, peer = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    spreads = ["9.00-12.00", "8.00-20.00"]
    assert ours == ["tflite_int8", "2", "10.00", *spreads, "17.50", *spreads, "0.25", "3.50", "180", "200.0", "40%"]
    assert peer == ["peer.onnx", "2", "20.00", *spreads, "", "", "", "0.25", "3.50", "180", "", ""]


def test_markdown_says_what_was_measured_on_what(made):
    text = report.format_report(made)
    for words in (
        "Processor: unknown, 2 cores, avx2; load 0.1 at the start",
        "500 GFLOP/s at 2",
        "numpy 2.4",
        "a phantom, 500 x 600. 2 rounds, in each 1.5 s of runs a row",
        "Warning: it is busy.",
        "`hanet benchmark a`",
    ):
        assert words in text
    assert text.endswith(INTENDED_USE)
    made["settings"]["repeats"] = 7
    assert "in each 7 runs a row" in report.format_report(made)


def test_files_hold_the_same_numbers(made, tmp_path):
    report.write_report(tmp_path, made)
    names = [f"benchmark.{suffix}" for suffix in ("csv", "json", "md", "svg")]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert json.loads((tmp_path / "benchmark.json").read_text()) == made
    assert made["peak_gflops"] == {"2": 500.0}
    with (tmp_path / "benchmark.csv").open(newline="") as file:
        ours, peer = csv.DictReader(file)
    assert tuple(ours) == report.COLUMNS
    picked = ("network_ms_q75", "image_ms_median", "image_ms_p95", "flops", "share_of_peak")
    assert [ours[name] for name in picked] == ["12.0", "17.5", "20.0", "2000000000", "0.4"]
    assert [peer[name] for name in picked] == ["12.0", "", "", "", ""]
    assert (tmp_path / "benchmark.md").read_text() == report.format_report(made) + "\n"


def test_chart_shows_median_and_quartiles():
    drawn = report.draw_chart([OURS, PEER])
    assert drawn.count("<circle") == 2
    assert "2 thr. tflite_int8: 10.0 [9.0, 12.0]" in drawn
    assert "2 thr. peer.onnx: 20.0 [9.0, 12.0]" in drawn
    assert "<style>" in drawn
