"""A candidate against bars and the last version, with models whose Dice is known by hand.

A model here is a number: what is brighter is lesion. A lesion is 10 x 10 pixels, its inner 8 x 8 bright (200), its rim
dim (100), the rest dark (20). "60" finds all of it, Dice 1; "150" finds the inner part, Dice 2 * 64 / (64 + 100);
"250" finds nothing. One of two normal images has a dim spot: "60" gives a false alarm there.
"""

import json

import numpy as np
import pytest
from layouts import save

from keras_hanet.checksums import hash_digests
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.splits import image_sha256
from keras_hanet.errors import InputError
from keras_hanet.export.bars import Bars
from keras_hanet.export.push import format_push, push
from keras_hanet.export.push_log import read_events
from keras_hanet.export.versions import hash_files, numbered, roll_back
from keras_hanet.files import write_json
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

SIZE = 64
NUM_LESIONS = 6
INNER = 2 * 64 / (64 + 100)


@pytest.fixture
def samples(tmp_path):
    data = tmp_path / "scans"
    for number in range(NUM_LESIONS):
        image, mask = np.full((SIZE, SIZE), 20), np.zeros((SIZE, SIZE))
        image[20:30, 10 + number : 20 + number] = 100
        image[21:29, 11 + number : 19 + number] = 200
        mask[20:30, 10 + number : 20 + number] = 255
        save(data / "images" / f"lesion{number}.png", image)
        save(data / "masks" / f"lesion{number}.png", mask)
    for name, spot in (("normal0", 100), ("normal1", 21)):
        image = np.full((SIZE, SIZE), 20)
        image[5:15, 5:15] = spot
        save(data / "images" / f"{name}.png", image)
        save(data / "masks" / f"{name}.png", np.zeros((SIZE, SIZE)))
    return read_samples(data)[1]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "saved_models" / "hanet"


@pytest.fixture
def model(tmp_path, samples):
    """A function that writes an exported folder: its brightness, and the names of the images it was trained on."""

    def write(brightness, seen=(), faults=(), file="model.tflite"):
        path = tmp_path / "exports" / f"{brightness}-{'-'.join(seen)}-{file}"
        path.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(str(brightness))
        card = {"export": "tflite_float32", "run_sha256": f"run {brightness}"}
        write_json(path / "metadata.json", vars(Metadata(SIZE, 0.5, 0.0, f"brighter than {brightness}", card=card)))
        hashes = {sample.id: image_sha256(sample) for sample in samples if sample.id in seen}
        parts = {"train": hashes, "validation": {}, "test": {}}
        write_json(path / "split.json", {"name": "by hand", "leaks": False, "parts": parts})
        write_json(path / "gate.json", {"command": "c", "faults": list(faults)})
        return path

    return write


def load(path):
    brightness = int(next(path.glob("model.*")).read_text())
    metadata = Metadata(**json.loads((path / "metadata.json").read_text()))
    return Predictor.from_function(lambda images: (images[..., 0] > brightness).astype(np.float32), metadata)


@pytest.fixture
def run(samples, folder):
    """A function that pushes an exported folder."""

    def run(path, load=load, samples=samples, **bars):
        return push(path, samples, folder, Bars(**bars), "hanet push X", load=load, say=lambda line: None)

    return run


def events_of(folder):
    return [(event["event"], event["version"]) for event in read_events(folder)[0]]


# === Bars ===


def test_the_first_push_has_only_the_bars(folder, model, run, samples):
    path = model(60)
    event = run(path)
    assert (event["event"], event["version"], event["reasons"], event["comparison"]) == ("pushed", 1, [], None)
    scores = event["scores"]
    assert (scores["num_lesion"], scores["num_normal"]) == (NUM_LESIONS, 2)
    assert scores["dice"] == {"mean": 1.0, "ci95": [1.0, 1.0]}
    assert scores["missed_rate"]["mean"] == 0
    assert scores["false_alarm_rate"] == {"mean": 0.5, "ci95": [0.0, 1.0]}
    assert event["bars"] == {"min_dice": 0.6, "max_missed_rate": 0.2, "max_false_alarm_rate": 0.5, "margin": 0.01}
    assert (event["model"], event["format"], event["run_sha256"]) == ("brighter than 60", "tflite_float32", "run 60")
    assert event["files"] == hash_files(path) == hash_files(folder / "1")
    assert event["sha256"] == hash_digests(event["files"])
    assert (event["images"]["num"], event["images"]["num_new"]) == (8, 8)
    assert read_events(folder)[0] == [event] == [json.loads((folder / "1" / "push.json").read_text())]
    assert (folder / "1" / "cases.csv").read_text().count("\n") == 9


def test_below_a_bar_nothing_is_copied_and_the_reason_is_logged(folder, model, run):
    event = run(model(250))
    assert (event["event"], event["version"]) == ("refused", None)
    assert [reason.split(":")[0] for reason in event["reasons"]] == ["Dice", "missed lesions"]
    assert read_events(folder)[0] == [event]
    assert {path.name for path in folder.iterdir()} == {"push_log.jsonl", ".lock"}


def test_too_many_false_alarms_are_refused_however_good_the_dice(folder, model, run):
    [reason] = run(model(60), max_false_alarm_rate=0.49)["reasons"]
    assert reason == "false alarms: 50.0 [0.0, 100.0] %, at most 49 % is asked for"
    assert numbered(folder) == {}


# === Against the last version ===


def test_an_equal_candidate_passes(folder, model, run):
    run(model(60))
    event = run(model(60))
    assert (event["event"], event["version"]) == ("pushed", 2)
    comparison = event["comparison"]
    assert comparison["difference"] == {"mean": 0.0, "ci95": [0.0, 0.0]}
    assert (comparison["version"], comparison["num_pairs"], comparison["margin"]) == (1, NUM_LESIONS, 0.01)


def test_a_candidate_worse_by_a_known_amount_is_refused(folder, model, run):
    run(model(60))
    event = run(model(150))
    assert event["event"] == "refused"
    difference = event["comparison"]["difference"]
    assert difference["mean"] == pytest.approx(INNER - 1)
    assert difference["ci95"] == pytest.approx([INNER - 1, INNER - 1])
    [reason] = event["reasons"]
    assert "-22.0 [-22.0, -22.0] points, the interval must lie above -1: it is worse" in reason
    assert list(numbered(folder)) == [1]
    assert run(model(150), margin=0.21)["event"] == "refused"
    assert run(model(150), margin=0.23)["event"] == "pushed"
    assert events_of(folder) == [("pushed", 1), ("refused", None), ("refused", None), ("pushed", 2)]


def test_a_better_candidate_passes_where_proof_is_asked_for(model, run):
    run(model(150))
    assert run(model(150), margin=0)["event"] == "refused"
    event = run(model(60), margin=0)
    assert event["event"] == "pushed"
    assert event["comparison"]["difference"]["mean"] == pytest.approx(1 - INNER)
    assert event["comparison"]["false_alarm_difference"]["mean"] == 0.5


def test_after_a_rollback_the_version_served_is_compared_with(folder, model, run):
    run(model(150))
    run(model(60))
    roll_back(folder, "c", say=lambda line: None)
    event = run(model(150))
    assert (event["event"], event["version"], event["comparison"]["version"]) == ("pushed", 3, 1)


def test_images_that_either_has_seen_are_left_out(model, run):
    run(model(60, seen=["lesion0", "normal1"]), max_false_alarm_rate=1)
    event = run(model(60, seen=["lesion1", "lesion2"]))
    assert event["images"]["num_new"] == 6
    assert event["scores"]["num_lesion"] == 4
    assert event["comparison"]["num_pairs"] == 3
    assert event["scores"]["false_alarm_rate"]["mean"] == 0.5  # of two, one of which the last version has seen
    assert event["comparison"]["candidate"]["false_alarm_rate"]["mean"] == 1.0
    assert event["comparison"]["last"] == event["comparison"]["candidate"]


def test_the_images_are_told_by_their_pixels(model, run, samples, tmp_path):
    first = run(model(60))["images"]["sha256"]
    samples[0].image.rename(tmp_path / "scans" / "images" / "other.png")
    samples[0].masks[0].rename(tmp_path / "scans" / "masks" / "other.png")
    renamed = read_samples(tmp_path / "scans")[1]
    assert run(model(60), samples=renamed)["images"]["sha256"] == first
    assert run(model(60), samples=renamed[1:])["images"]["sha256"] != first


@pytest.mark.parametrize("seen_by", ["the candidate", "version 1"])
def test_without_a_new_image_nothing_can_be_said(folder, model, run, samples, seen_by):
    everything = [sample.id for sample in samples]
    run(model(60, seen=everything[:1]))
    if seen_by == "version 1":
        write_json(folder / "1" / "split.json", json.loads((model(1, seen=everything) / "split.json").read_text()))
    candidate = model(60, seen=everything if seen_by == "the candidate" else ())
    with pytest.raises(InputError, match=rf"{seen_by} has seen every image or its twin; give --data with images"):
        run(candidate)
    assert events_of(folder) == [("pushed", 1)]


# === While it is scored ===


def test_of_two_pushes_at_once_the_later_is_refused(folder, model, run):
    def load_while_another_pushes(path):
        if not numbered(folder):
            run(model(60))
        return load(path)

    event = run(model(150), load=load_while_another_pushes)
    assert event["event"] == "refused"
    assert event["reasons"] == ["the newest version was None when scoring began and is 1 now; push again"]
    assert events_of(folder) == [("pushed", 1), ("refused", None)]
    assert hash_files(folder / "1") == hash_files(model(60))


def test_a_rollback_need_not_wait_and_the_push_notices(folder, model, run):
    run(model(60))
    run(model(60))

    def load_while_another_rolls_back(path):
        if 2 in numbered(folder) and path.name == "2":
            predictor = load(path)
            roll_back(folder, "c", say=lambda line: None)
            return predictor
        return load(path)

    event = run(model(60), load=load_while_another_rolls_back)
    assert event["reasons"] == ["the newest version was 2 when scoring began and is 1 now; push again"]
    assert list(numbered(folder)) == [1]


# === What cannot be pushed ===


@pytest.mark.parametrize("name", ["gate.json", "metadata.json", "split.json"])
def test_only_what_an_export_wrote_is_taken(folder, model, run, name):
    path = model(60)
    (path / name).unlink()
    with pytest.raises(InputError, match=f"expected a folder that hanet export wrote, it lacks {name}"):
        run(path)
    assert not folder.exists()


def test_what_the_gate_rejected_is_refused(folder, model, run):
    with pytest.raises(InputError, match=r"the export's gate has rejected it \(too far off\)"):
        run(model(60, faults=["too far off"]))
    assert not folder.exists()


def test_a_damaged_gate_is_refused(model, run):
    path = model(60)
    (path / "gate.json").write_text("[]")
    with pytest.raises(InputError, match=r"gate.json: the file is damaged; export the run again"):
        run(path)


def test_another_format_than_the_last_is_refused(folder, model, run):
    run(model(60))
    with pytest.raises(InputError, match=r"expected the format of version 1 \(model.tflite\), got model.onnx"):
        run(model(60, file="model.onnx"))
    assert list(numbered(folder)) == [1]


def test_a_folder_within_the_artefact_is_refused(model, samples):
    path = model(60)
    with pytest.raises(InputError, match="expected a folder outside the artefact"):
        push(path, samples, path / "versions", Bars(), "c", load=load)


# === For people ===


def test_table_of_a_push(model, run):
    text = format_push(run(model(60)))
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:5]] == [
        ["Dice, %", "6 lesion", "100.0 [100.0, 100.0]", ">= 60"],
        ["missed lesions, %", "6 lesion", "0.0 [0.0, 0.0]", "<= 20"],
        ["false alarms, %", "2 normal", "50.0 [0.0, 100.0]", "<= 50"],
    ]
    assert text.endswith("There is no version to compare with.")
    assert format_push(run(model(150))).endswith(
        "Against version 1 on 6 lesion images new to both: Dice -22.0 [-22.0, -22.0] points, above -1 is asked for; "
        "false alarms -50.0 [-100.0, 0.0] points."
    )
