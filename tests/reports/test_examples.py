"""Which images a report shows, chosen by hand."""

from pathlib import Path

import pytest

from keras_hanet.reports.document import Pictures
from keras_hanet.reports.examples import choose_examples


def case(name, dice, area=100, counted_as="lesion case", false_area=0, fold=0):
    row = {"id": name, "source": "drawn", "group": name, "dice": dice, "lesion_area_px": area}
    return {**row, "counted_as": counted_as, "false_area_px": false_area, "fold": fold, "hd95_px": 2.5}


ROWS = [
    case("g", 0.9),
    case("a", 0.0, 50, "missed lesion"),
    case("b", 0.0, 900, "missed lesion"),  # as bad as "a", and the larger lesion
    case("c", 0.3),
    case("f", 0.8),
    case("d", 0.5),
    case("h", 0.95),
    case("e", 0.7),
    case("i", 0.99),
    case("n1", 0.0, 0, "false alarm", 10),
    case("n2", 0.0, 0, "false alarm", 3000),
    case("n3", float("nan"), 0, "true negative"),
]


def shown(blocks):
    return {
        block.heading: [(path.as_posix(), words) for path, words in block.pictures]
        for block in blocks
        if isinstance(block, Pictures)
    }


def names(blocks):
    return {heading: [Path(path).stem for path, _ in pictures] for heading, pictures in shown(blocks).items()}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "overlays").mkdir()
    for row in ROWS:
        (tmp_path / "overlays" / f"{row['id']}.png").touch()
    return tmp_path


def test_best_median_worst_and_largest_false_alarms(folder):
    assert names(choose_examples(ROWS, folder)) == {
        "Best": ["i", "h", "g"],
        "Median": ["d", "e", "f"],
        "Worst": ["b", "a", "c"],
        "Largest false alarms": ["n2", "n1"],
    }


def test_twins_do_not_stand_side_by_side(folder):
    twins = {"h": "i", "e": "d", "b": "a", "n1": "n2"}
    rows = [{**row, "group": twins.get(row["id"], row["id"])} for row in ROWS]
    assert names(choose_examples(rows, folder)) == {
        "Best": ["i", "g", "f"],
        "Median": ["d", "f", "g"],
        "Worst": ["b", "c", "d"],
        "Largest false alarms": ["n2"],
    }


def test_captions(folder):
    pictures = shown(choose_examples(ROWS, folder))
    assert pictures["Best"][0] == ("overlays/i.png", "i: Dice 99.0 %, HD95 2.5 px")
    assert pictures["Worst"][0] == ("overlays/b.png", "b: Dice 0.0 %, missed")
    assert pictures["Largest false alarms"][0] == ("overlays/n2.png", "n2: 3,000 px of false area")


def test_few_images_stand_under_one_heading_each_as_far_as_they_go(folder):
    assert names(choose_examples(ROWS[:4], folder)) == {"Best": ["g"], "Median": ["a"], "Worst": ["b"]}
    assert names(choose_examples(ROWS[:1], folder)) == {"Best": ["g"], "Median": ["g"], "Worst": ["g"]}
    assert names(choose_examples(ROWS[9:], folder)) == {"Largest false alarms": ["n2", "n1"]}


def test_what_has_no_overlay_is_left_out(folder):
    (folder / "overlays" / "h.png").unlink()
    assert names(choose_examples(ROWS, folder))["Best"] == ["i", "g"]


def test_no_overlays_no_examples(tmp_path):
    assert choose_examples(ROWS, tmp_path) == ()


def test_overlays_in_the_folders_of_folds(tmp_path):
    (tmp_path / "fold-3" / "overlays").mkdir(parents=True)
    (tmp_path / "fold-3" / "overlays" / "x.png").touch()
    blocks = choose_examples([case("x", 0.9, fold=3), case("y", 0.1, fold=4)], tmp_path)
    assert {path for pictures in shown(blocks).values() for path, _ in pictures} == {"fold-3/overlays/x.png"}
