import csv
import json
import shutil

import numpy as np
import pytest
from layouts import save

from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.data.splits import image_sha256


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def parts_of(run_dir):
    return json.loads((run_dir / "split.json").read_text())["parts"]


def test_on_the_data_of_the_run_only_its_test_part_is_scored(tmp_path, trained, hanet):
    output = tmp_path / "scores"
    done = hanet("evaluate", "--model", trained.run_dir, "--data", trained.data, "--output", output, "--json")
    assert done.code == 0, done.err
    test_part = parts_of(trained.run_dir)["test"]
    assert f"layout 'busi', 24 images, {len(test_part)} of them new to the model" in done.err
    rows = rows_of(output / "cases.csv")
    assert sorted(row["id"] for row in rows) == sorted(test_part)
    assert done.out.count("\n") == 1
    summary = json.loads(done.out)
    assert summary == json.loads((output / "summary.json").read_text())
    assert summary["all"]["num"] == len(test_part)
    assert summary["split"] == f"{len(test_part)} of 24 images, those the model has not seen"
    assert summary["command"].startswith("hanet evaluate --model '")
    lesions = [float(row["dice"]) for row in rows if row["diagnosis"] != "normal"]
    assert summary["lesion"]["dice"]["mean"] == pytest.approx(np.mean(lesions), abs=1e-6)
    assert [path for path in output.rglob("*") if ".part-" in path.name] == []


def test_the_saved_model_scores_what_the_run_said(tmp_path, trained, hanet):
    words = ("--model", trained.run_dir / "model.keras", "--data", trained.data, "--output", tmp_path)
    assert hanet("evaluate", *words).code == 0
    for name in ("dice", "hd95_px"):
        before = {row["id"]: row[name] for row in rows_of(trained.run_dir / "cases.csv")}
        for row in rows_of(tmp_path / "cases.csv"):
            assert (row[name] == "") == (before[row["id"]] == "")
            assert float(row[name] or 0) == pytest.approx(float(before[row["id"]] or 0), abs=1e-3)


def test_another_data_set_is_scored_whole(tmp_path, trained, hanet):
    others = write_phantoms(tmp_path / "others", num=3, seed=9)
    output = tmp_path / "scores"
    done = hanet("evaluate", "--model", trained.run_dir, "--data", others, "--output", output)
    assert done.code == 0, done.err
    assert "3 images, 3 of them new to the model" in done.err
    assert "lesion images" in done.out
    assert f"Report: {output / 'report.html'}" in done.err
    assert (output / "report.html").is_file()
    assert "3 of 3 images, those the model has not seen; threshold" in done.out
    assert [row["id"] for row in rows_of(output / "cases.csv")] == ["benign (1)", "benign (2)", "malignant (1)"]
    assert {path.name for path in (output / "overlays").iterdir()} == {
        *("benign (1).png", "benign (2).png", "malignant (1).png"),
    }


def test_a_copy_under_another_name_counts_as_seen(tmp_path, trained, samples, hanet):
    seen = set(parts_of(trained.run_dir)["train"].values())
    sample = next(sample for sample in samples if image_sha256(sample) in seen)
    data = tmp_path / "renamed"
    new = write_phantoms(tmp_path / "others", num=1, seed=9) / "benign"
    for name, image, mask in (
        ("old", sample.image, sample.masks[0]),
        ("new", new / "benign (1).png", new / "benign (1)_mask.png"),
    ):
        for kind, path in (("images", image), ("masks", mask)):
            (data / kind).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, data / kind / f"{name}.png")
    done = hanet("evaluate", "--model", trained.run_dir, "--data", data, "--output", tmp_path / "scores")
    assert done.code == 0, done.err
    assert [row["id"] for row in rows_of(tmp_path / "scores" / "cases.csv")] == ["new"]


def test_only_seen_images_are_refused(tmp_path, trained, samples, refused):
    parts = parts_of(trained.run_dir)
    seen = {*parts["train"], *parts["validation"]}
    for sample in samples:
        if sample.id in seen:
            target = tmp_path / "seen" / sample.image.parent.name
            target.mkdir(parents=True, exist_ok=True)
            for path in (sample.image, *sample.masks):
                shutil.copy(path, target)
    words = ("--model", trained.run_dir, "--data", tmp_path / "seen", "--output", tmp_path / "scores")
    refused("evaluate", *words, says=[tmp_path / "seen", "the model has seen every image", "give images it has not"])
    assert not (tmp_path / "scores").exists()


# === Bad input ===


def test_a_folder_without_a_model_is_refused(tmp_path, scans, refused):
    words = ("evaluate", "--model", tmp_path, "--data", scans)
    refused(*words, says=[tmp_path, "expected a folder with one of model.keras"])


def test_a_model_without_its_split_is_refused(tmp_path, trained, scans, refused):
    for name in ("model.keras", "metadata.json"):
        shutil.copy(trained.run_dir / name, tmp_path)
    refused("evaluate", "--model", tmp_path, "--data", scans, says=[tmp_path / "split.json", "no such file"])


def test_a_model_of_another_version_is_refused(tmp_path, trained, scans, refused):
    (tmp_path / "model.keras").write_bytes(b"")
    values = json.loads((trained.run_dir / "metadata.json").read_text())
    (tmp_path / "metadata.json").write_text(json.dumps({**values, "format": 99}))
    says = [tmp_path / "metadata.json", "format 1, got 99", "use the version of keras-hanet that made it"]
    refused("evaluate", "--model", tmp_path, "--data", scans, says=says)


def test_data_that_is_not_there_is_refused(tmp_path, trained, refused):
    words = ("evaluate", "--model", trained.run_dir, "--data", tmp_path / "BUSI")
    refused(*words, says=[tmp_path / "BUSI", "found nothing; check the path"])


def test_a_mask_of_another_size_is_refused(tmp_path, trained, scans, refused):
    save(scans / "masks" / "scan0.png", np.zeros((16, 12)))
    words = ("evaluate", "--model", trained.run_dir, "--data", scans, "--output", tmp_path / "scores")
    refused(*words, says=[scans / "masks" / "scan0.png", "16 x 12 pixels, got 12 x 16; export both at one size"])
    assert not (tmp_path / "scores" / "summary.json").exists()


def test_without_a_model_the_shipped_one_is_scored(phantoms, tmp_path, hanet):
    done = hanet("evaluate", "--data", phantoms, "--output", tmp_path / "scores", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["all"]["num"] == 24
    assert json.loads(done.out)["model"].startswith("HA-Net(efficientnet_lite0)")
