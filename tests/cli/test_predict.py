import csv
import errno
import json
import os
import shutil
import sys

import cv2
import numpy as np
import pytest
from layouts import save
from PIL import Image

from keras_hanet.cli import predict
from keras_hanet.models.weights import FOLDERS
from keras_hanet.outputs import results
from keras_hanet.sources import open_source


def rows_of(output, table="measures.csv"):
    with (output / table).open(newline="") as file:
        return list(csv.DictReader(file))


def pixels_of(path):
    return np.asarray(Image.open(path))


def draw_squares(path, size=64):
    """Two bright squares, 10 x 10 and 5 rows of 4 pixels, on dark grey."""
    image = np.full((size, size), 20)
    image[10:20, 10:20] = 200
    image[40:45, 30:34] = 200
    save(path, image)


@pytest.fixture
def good(tmp_path):
    """Three scans in a folder."""
    for name in ("a", "b", "c"):
        draw_squares(tmp_path / "good" / f"{name}.png")
    return tmp_path / "good"


def test_a_trained_model_writes_masks_overlays_and_a_table(tmp_path, trained, samples, hanet):
    output = tmp_path / "predictions"
    done = hanet("predict", trained.data, "--model", trained.run_dir, "--output", output)
    assert done.code == 0, done.err
    assert done.out == ""
    assert f"24 files: masks, overlays, measures.csv and lesions.csv are in {output}" in done.err
    assert "Research use only, not a medical device." in done.err
    rows = {row["image"]: row for row in rows_of(output)}
    assert set(rows) == {str(sample.image) for sample in samples}  # no mask file is among them
    for sample in samples:
        image = pixels_of(sample.image)
        relative = sample.image.relative_to(trained.data)
        mask, overlay = pixels_of(output / "masks" / relative), pixels_of(output / "overlays" / relative)
        row = rows[str(sample.image)]
        assert mask.shape == image.shape
        assert overlay.shape == (*image.shape, 3)
        assert set(np.unique(mask)) <= {0, 255}
        assert (int(row["height_px"]), int(row["width_px"])) == image.shape
        assert int(row["lesion_area_px"]) == np.count_nonzero(mask)
        assert int(row["num_lesions"]) == cv2.connectedComponents(mask)[0] - 1
        assert float(row["lesion_share"]) == pytest.approx(np.count_nonzero(mask) / image.size, abs=1e-6)
        assert 0 <= float(row["largest_probability"]) <= 1
    assert sum(int(row["lesion_area_px"]) > 0 for row in rows.values()) > 0
    assert {path.name for path in output.iterdir()} == {"masks", "overlays", "measures.csv", "lesions.csv"}
    assert [path for path in output.rglob("*") if ".part-" in path.name] == []


def test_areas_that_can_be_counted_by_hand(tmp_path, hanet, bright_predictor):
    draw_squares(tmp_path / "scan.png")
    save(tmp_path / "dark.png", np.full((30, 50), 20))
    output = tmp_path / "out"
    assert hanet("predict", tmp_path, "--model", "any", "--output", output).code == 0
    dark, scan = rows_of(output)
    assert {name: value for name, value in scan.items() if value} == {
        "image": str(tmp_path / "scan.png"),
        "frame": "0",
        "height_px": "64",
        "width_px": "64",
        "num_lesions": "2",
        "lesion_area_px": "120",
        "lesion_share": str(round(120 / 4096, 6)),
        "largest_probability": "1.0",
        "flags": "no scan area",  # most of it is of one grey
    }
    lesions = [(row["lesion"], row["area_px"], row["top_px"]) for row in rows_of(output, "lesions.csv")]
    assert lesions == [("1", "100", "10"), ("2", "20", "40")]
    counts = ("height_px", "width_px", "num_lesions", "lesion_area_px", "lesion_share", "largest_probability")
    assert [dark[name] for name in counts] == ["30", "50", "0", "0", "0.0", "0.0"]
    expected = np.zeros((64, 64), np.uint8)
    expected[10:20, 10:20] = expected[40:45, 30:34] = 255
    np.testing.assert_array_equal(pixels_of(output / "masks" / "scan.png"), expected)
    overlay = pixels_of(output / "overlays" / "scan.png")
    assert overlay[10, 15].tolist() == [255, 150, 0]  # outline, orange
    assert overlay[15, 15].tolist() == [200, 200, 200]
    assert not pixels_of(output / "masks" / "dark.png").any()


def test_files_folders_and_suffixes_mix(tmp_path, good, hanet, bright_predictor):
    (good / "deep").mkdir()
    (good / "a.png").rename(good / "deep" / "a.png")
    draw_squares(tmp_path / "scan_mask.BMP")  # asked for by name, so it is taken
    (good / "notes.txt").write_text("no image")
    output = tmp_path / "out"
    assert hanet("predict", good, tmp_path / "scan_mask.BMP", "--model", "any", "--output", output).code == 0
    written = sorted(path.relative_to(output / "masks").as_posix() for path in (output / "masks").rglob("*.png"))
    assert written == ["b.png", "c.png", "deep/a.png", "scan_mask.png"]


def test_masks_hidden_files_and_earlier_results_are_no_images(tmp_path, good, hanet, bright_predictor):
    for name in ("a_mask.png", "a_mask_1.png", "._a.png"):
        (good / name).write_bytes(b"never read")
    (good / "folder.png").mkdir()
    for _ in range(2):
        assert hanet("predict", good, "--model", "any", "--output", good / "out").code == 0
        assert [row["image"] for row in rows_of(good / "out")] == [str(good / f"{name}.png") for name in "abc"]


def test_images_of_different_sizes(tmp_path, hanet, bright_predictor):
    for number in range(3):
        draw_squares(tmp_path / "in" / f"{number}.png", size=64 + number)
    assert hanet("predict", tmp_path / "in", "--model", "any", "--output", tmp_path / "out").code == 0
    assert [int(row["height_px"]) for row in rows_of(tmp_path / "out")] == [64, 65, 66]
    assert pixels_of(tmp_path / "out" / "masks" / "2.png").shape == (66, 66)


# === Bad input ===


def cut_off(path):
    save(path, np.random.default_rng(0).integers(0, 256, (40, 40)))
    path.write_bytes(path.read_bytes()[:700])


def store_in_16_bits(path):
    Image.fromarray(np.full((12, 16), 40000, np.uint16)).save(path)


def store_as_cmyk(path):
    Image.new("CMYK", (16, 12)).save(path, format="TIFF")


def store_nothing(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_off, "the file is cut off or damaged; copy it again from its source"),
        (store_in_16_bits, "expected an 8-bit grey or RGB image, got 16 bits a channel; convert it to 8-bit RGB"),
        (store_as_cmyk, "expected an 8-bit grey or RGB image, got mode 'CMYK'; convert it to 8-bit RGB"),
        (store_nothing, "expected a PNG, JPEG, BMP or TIFF image, got something else"),
    ],
)
def test_one_bad_image_leaves_the_good_ones_written(tmp_path, good, refused, bright_predictor, damage, reason):
    damage(good / "b.png")
    output = tmp_path / "out"
    done = refused("predict", good, "--model", "any", "--output", output, says=["1 of 3 files could not be outlined"])
    assert f"left out: {good / 'b.png'}: {reason}" in done.err
    assert [row["image"] for row in rows_of(output)] == [str(good / "a.png"), str(good / "c.png")]
    for kind in ("masks", "overlays"):
        assert {path.name for path in (output / kind).iterdir()} == {"a.png", "c.png"}


def test_an_image_without_permission_is_left_out(tmp_path, good, refused, bright_predictor, monkeypatch):
    read = predict.Path.read_bytes

    def read_bytes(path):
        if path.name == "a.png":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return read(path)

    monkeypatch.setattr(predict.Path, "read_bytes", read_bytes)
    words = ("predict", good, "--model", "any", "--output", tmp_path / "out")
    done = refused(*words, says=["1 of 3 files could not be outlined"])
    assert f"left out: {good / 'a.png'}: no permission to read it" in done.err
    assert len(rows_of(tmp_path / "out")) == 2


def test_bad_images_alone_leave_no_table(tmp_path, refused, bright_predictor):
    (tmp_path / "a.png").write_bytes(b"")
    words = ("predict", tmp_path / "a.png", "--model", "any", "--output", tmp_path / "out")
    refused(*words, says=["1 of 1 files could not be outlined"])
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["nothing.png", "nothing"])
def test_an_input_that_is_not_there_is_refused(tmp_path, good, refused, bright_predictor, name):
    words = ("predict", good, tmp_path / name, "--model", "any", "--output", tmp_path / "out")
    refused(*words, says=[tmp_path / name, "no such file or folder; check the path"])
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_refused(tmp_path, refused, bright_predictor):
    (tmp_path / "in").mkdir()
    words = ("predict", tmp_path / "in", "--model", "any", "--output", tmp_path / "out")
    refused(*words, says=[tmp_path / "in", "expected a folder with what can be outlined", ".png, .jpg", "found none"])


def test_two_images_for_one_result_are_refused(tmp_path, good, refused, bright_predictor):
    shutil.copytree(good, tmp_path / "other")
    words = ("predict", good, tmp_path / "other" / "b.png", "--model", "any", "--output", tmp_path / "out")
    says = [tmp_path / "other" / "b.png", good / "b.png", "would both be written to b.png; rename one"]
    refused(*words, says=says)
    assert not (tmp_path / "out").exists()


def test_two_suffixes_of_one_name_are_told_apart(tmp_path, good, hanet, bright_predictor):
    draw_squares(good / "b.bmp")
    assert hanet("predict", good, "--model", "any", "--output", tmp_path / "out").code == 0
    names = sorted(path.name for path in (tmp_path / "out" / "masks").iterdir())
    assert names == ["a.png", "b.bmp.png", "b.png.png", "c.png"]


def test_the_same_image_twice_is_taken_once(tmp_path, good, hanet, bright_predictor):
    assert hanet("predict", good, good / "b.png", "--model", "any", "--output", tmp_path / "out").code == 0
    assert len(rows_of(tmp_path / "out")) == 3


def test_a_run_that_has_not_finished_is_refused(tmp_path, good, refused):
    (tmp_path / "run").mkdir()
    words = ("predict", good, "--model", tmp_path / "run")
    refused(*words, says=[tmp_path / "run", "found none; has its training finished?", "has its training finished?"])


def test_a_run_of_another_version_is_refused(tmp_path, trained, good, refused):
    values = json.loads((trained.run_dir / "metadata.json").read_text())
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.keras").write_bytes(b"")
    (tmp_path / "run" / "metadata.json").write_text(json.dumps({**values, "format": 0}))
    words = ("predict", good, "--model", tmp_path / "run")
    refused(*words, says=["metadata.json", "format 1, got 0", "use the version of keras-hanet that made it"])


def test_a_damaged_model_is_refused(tmp_path, trained, good, refused):
    shutil.copy(trained.run_dir / "metadata.json", tmp_path)
    content = (trained.run_dir / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(content[: len(content) // 2])
    says = [tmp_path / "model.keras", "expected a Keras model, and it cannot be read"]
    refused("predict", good, "--model", tmp_path, says=says)


def test_a_file_in_the_place_of_the_results_is_refused(tmp_path, good, refused, bright_predictor):
    (tmp_path / "out").write_text("mine")
    words = ("predict", good, "--model", "any", "--output", tmp_path / "out")
    refused(*words, says=[tmp_path / "out", "a file is where a folder belongs", "give another path"])
    assert (tmp_path / "out").read_text() == "mine"


def test_a_full_disk_leaves_no_half_picture(tmp_path, good, refused, full_disk, bright_predictor):
    output = tmp_path / "out"
    full_disk(output / "overlays" / "b.png")
    words = ("predict", good, "--model", "any", "--output", output)
    refused(*words, says=["no space is left on the disk; free some and run the command again"])
    assert sorted(path.name for path in output.rglob("*") if path.is_file()) == ["a.png", "a.png"]


def test_an_interrupt_leaves_no_half_picture(tmp_path, good, hanet, bright_predictor, monkeypatch):
    def interrupt(image, mask):
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "draw_overlay", interrupt)
    done = hanet("predict", good, "--model", "any", "--output", tmp_path / "out")
    assert (done.code, done.err.splitlines()[-1]) == (130, "hanet: interrupted; what was written is whole")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_masks_of_somebody_else_are_not_overwritten(tmp_path, refused):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(b"reference")
    words = ("predict", tmp_path, "--model", "any", "--output", tmp_path)
    refused(*words, says=["holds masks that no earlier prediction wrote; give another --output"])
    assert (tmp_path / "masks" / "a.png").read_bytes() == b"reference"


def test_without_a_model_the_shipped_one_is_taken_and_named_with_its_card(good, tmp_path, hanet):
    done = hanet("predict", good, "--output", tmp_path / "out")
    assert done.code == 0, done.err
    [line] = [line for line in done.err.splitlines() if line.startswith("Model cart: HA-Net(efficientnet_lite0)")]
    assert line.endswith(f"scores, limits and data: {FOLDERS['cart'] / 'CARD.md'}")
    assert len(rows_of(tmp_path / "out")) == 3


def test_a_model_of_ones_own_has_no_card(good, tmp_path, bright_predictor, hanet):
    done = hanet("predict", good, "--model", "runs/mine", "--output", tmp_path / "out")
    assert "Model runs/mine: bright, 64 x 64, threshold 0.5, smallest lesion 0 % of the image\n" in done.err


def test_what_no_library_reads_leaves_the_rest_outlined(tmp_path, good, refused, bright_predictor, monkeypatch):
    (good / "scan.dcm").write_bytes(bytes(128) + b"DICM")
    monkeypatch.setitem(sys.modules, "keras_hanet.dicom.read", None)

    def missing(*_):
        raise ModuleNotFoundError("No module named 'pydicom'", name="pydicom")

    monkeypatch.setattr(predict, "open_source", lambda path: missing() if path.suffix == ".dcm" else open_source(path))
    words = ("predict", good, "--model", "any", "--output", tmp_path / "out")
    done = refused(*words, says=["1 of 4 files could not be outlined"])
    assert f"left out: {good / 'scan.dcm'}: this needs pydicom: pip install 'keras-hanet[dicom]'" in done.err
    assert len(rows_of(tmp_path / "out")) == 3


def test_a_report_without_its_library_is_refused_before_the_work(tmp_path, good, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "fpdf", None)
    monkeypatch.delitem(sys.modules, "keras_hanet.analysis.case_pdf", raising=False)
    says = ["this needs fpdf: pip install 'keras-hanet[pdf]'"]
    refused("predict", good, "--report", "--output", tmp_path / "out", says=says)
    assert not (tmp_path / "out").exists()


def test_an_empty_path_is_not_the_folder_one_is_in(refused):
    refused("predict", "", says=["argument INPUT: expected a path, got nothing"])
