"""Evaluation of a model that takes what is bright for lesion, on images drawn for it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from page_reader import Page
from PIL import Image

from keras_hanet.data.sample import Sample
from keras_hanet.drawing import PREDICTED_COLOUR, REFERENCE_COLOUR
from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.evaluation.evaluate import BATCH_SIZE, evaluate
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

METADATA = Metadata(size=32, threshold=0.4, min_lesion_share=0.001, name="bright is lesion")
BLOCK = (slice(16, 32), slice(24, 72))  # of 64 x 96 pixels; whole pixels of the 32 x 32 grid


def predictor():
    return Predictor.from_function(lambda images: images[..., 0] / 255, METADATA)


def draw(folder, name, seen, true, diagnosis):
    """An image in which `seen` is bright, and its mask, `true`."""
    pixels = {kind: np.zeros((64, 96), np.uint8) for kind in ("image", "mask")}
    if seen:
        pixels["image"][BLOCK] = 255
    if true:
        pixels["mask"][BLOCK] = 255
    for kind, values in pixels.items():
        Image.fromarray(values).save(folder / f"{name}_{kind}.png")
    return Sample(name, folder / f"{name}_image.png", (folder / f"{name}_mask.png",), diagnosis, None, name, "drawn")


@pytest.fixture
def four(tmp_path):
    return [
        draw(tmp_path, "found", True, True, "benign"),
        draw(tmp_path, "missed", False, True, "malignant"),
        draw(tmp_path, "alarm", True, False, "normal"),
        draw(tmp_path, "quiet", False, False, "normal"),
    ]


def test_rows_and_summary(four, tmp_path):
    summary = evaluate(predictor(), four, tmp_path / "run", "all of it", "hanet evaluate", fold=2)
    rows = {row["id"]: row for row in read_cases(tmp_path / "run" / "cases.csv")}
    assert list(rows) == ["found", "missed", "alarm", "quiet"]
    assert [row["counted_as"] for row in rows.values()] == [
        *("lesion case", "missed lesion", "false alarm", "true negative")
    ]
    assert rows["found"]["dice"] == pytest.approx(1, abs=0.05)
    assert (rows["missed"]["dice"], rows["alarm"]["dice"]) == (0, 0)
    assert np.isnan(rows["quiet"]["dice"])
    assert rows["found"]["lesion_area_px"] == 16 * 48
    described = {(row["height"], row["width"], row["fold"], row["source"]) for row in rows.values()}
    assert described == {(64, 96, 2, "drawn")}
    assert summary["lesion"]["num"] == 2
    assert summary["lesion"]["missed"] == 1
    assert summary["lesion"]["dice"]["mean"] == pytest.approx(rows["found"]["dice"] / 2)
    assert summary["normal"]["false_alarm_rate"]["mean"] == 0.5
    assert summary["all"]["num_scored"] == 3
    assert json.loads((tmp_path / "run" / "summary.json").read_text()) == summary


def test_device_and_annotation_of_the_sample_are_in_the_table(four, tmp_path):
    known = [replace(four[0], device="scanner", annotated=True), *four[1:]]
    evaluate(predictor(), known, tmp_path / "run", "all", "command")
    rows = read_cases(tmp_path / "run" / "cases.csv")
    assert [row["device"] for row in rows] == ["scanner", None, None, None]
    assert [row["annotated"] for row in rows] == [True, False, False, False]


def test_annotation_is_looked_for_where_the_data_set_says_nothing(four, tmp_path):
    pixels = np.asarray(Image.open(four[3].image)).copy()
    pixels[39:42, 30:45] = pixels[33:48, 36:39] = 255  # a caliper
    Image.fromarray(pixels).save(four[3].image)
    evaluate(predictor(), [four[2], four[3], replace(four[3], annotated=False)], tmp_path / "run", "all", "command")
    assert [row["annotated"] for row in read_cases(tmp_path / "run" / "cases.csv")] == [False, True, False]


def test_calibration_is_that_of_all_pixels(four, tmp_path):
    summary = evaluate(predictor(), four, tmp_path / "run", "all", "command")
    rows = read_cases(tmp_path / "run" / "cases.csv")
    calibration = summary["calibration"]
    assert sum(calibration["count"]) == 4 * 64 * 96
    assert calibration["brier"] == pytest.approx(np.mean([row["brier"] for row in rows]))  # images of one size
    # The block is 1/8 of an image: wrong with certainty in two images, and nowhere in the last.
    assert [row["brier"] for row in rows][1:] == pytest.approx([1 / 8, 1 / 8, 0], abs=0.02)
    assert calibration["lesion_share"][0] == pytest.approx(16 * 48 / calibration["count"][0], rel=0.2)
    assert [row["confidence"] for row in rows] == pytest.approx([0.92, 1, 0.92, 1], abs=0.01)  # a blurred edge


def test_summary_says_what_was_done(four, tmp_path):
    summary = evaluate(predictor(), four, tmp_path / "run", "all of it", "hanet evaluate --data drawn")
    told = ("size", "threshold", "min_lesion_share", "model", "split", "command", "intended_use")
    assert [summary[name] for name in told] == [
        *("original", 0.4, 0.001, "bright is lesion", "all of it", "hanet evaluate --data drawn"),
        "Research use only, not a medical device.",
    ]


def test_report_shows_the_overlays(four, tmp_path):
    evaluate(predictor(), four, tmp_path / "run", "all of it", "hanet evaluate --data drawn")
    page = Page((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert "hanet evaluate --data drawn" in page.texts["code"]
    assert [image["alt"].split(":")[:2] for image in page.attributes("img")] == [
        *(["Best", " found"], ["Median", " missed"], ["Worst", " missed"], ["Largest false alarms", " alarm"]),
    ]
    assert "](overlays/found.png)" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")


def test_scores_at_the_models_size_are_exact_where_the_block_fits_its_grid(four, tmp_path):
    evaluate(predictor(), four, tmp_path / "run", "all", "command")
    rows = {row["id"]: row for row in read_cases(tmp_path / "run" / "cases.csv")}
    assert rows["found"]["dice_at_s"] > 0.9
    assert rows["missed"]["dice_at_s"] == 0


def test_overlay_of_every_image_at_its_own_size(four, tmp_path):
    evaluate(predictor(), four, tmp_path / "run", "all", "command")
    overlays = {path.stem: np.asarray(Image.open(path)) for path in (tmp_path / "run" / "overlays").iterdir()}
    assert {name: picture.shape for name, picture in overlays.items()} == dict.fromkeys(
        ("found", "missed", "alarm", "quiet"), (64, 96, 3)
    )

    def has(name, colour):
        return bool((overlays[name] == colour).all(axis=2).any())

    assert [has(name, PREDICTED_COLOUR) for name in ("found", "missed", "alarm", "quiet")] == [True, False, True, False]
    assert has("missed", REFERENCE_COLOUR)
    assert not has("alarm", REFERENCE_COLOUR)


def test_more_images_than_a_batch_are_all_scored_in_order(tmp_path):
    samples = [draw(tmp_path, f"case {i}", i % 2 == 0, True, "benign") for i in range(BATCH_SIZE + 3)]
    steps = []
    evaluate(predictor(), samples, tmp_path / "run", "all", "c", progress=lambda it: [steps.append(i) or i for i in it])
    rows = read_cases(tmp_path / "run" / "cases.csv")
    assert [row["id"] for row in rows] == [sample.id for sample in samples]
    assert [row["dice"] > 0.9 for row in rows] == [i % 2 == 0 for i in range(BATCH_SIZE + 3)]
    assert len(steps) == 2


def test_image_that_cannot_be_read_raises_and_leaves_no_scores(four, tmp_path):
    four[1].image.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"missed_image\.png"):
        evaluate(predictor(), four, tmp_path / "run", "all", "command")
    assert not (tmp_path / "run" / "cases.csv").exists()
