from pathlib import Path

import cv2
import numpy as np
import pytest
from layouts import draw_busi

from keras_hanet.data.duplicates import Pair
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.sample import Finding
from keras_hanet.drawing import REFERENCE_COLOUR
from keras_hanet.reports.leak_report import Examination, write_leak_report

NOTHING = {"num_reference": 1, "num_found": 0, "num_both": 0, "recall": 0.0, "precision": None}


@pytest.fixture
def examination(tmp_path):
    """Six images; two groups, one of them with two diagnoses, a pair of neighbours, a table that differs."""
    folder = draw_busi(tmp_path / "BUSI <1>")
    samples = read_samples(folder)[1]
    return Examination(
        data=folder,
        samples=samples,
        pairs=[
            Pair(0, 1, "near", 0.9, np.eye(2, 3)),
            Pair(2, 3, "near", 0.8, np.eye(2, 3)),
            Pair(1, 4, "related", 0.312, np.eye(2, 3)),
        ],
        groups=[[0, 1], [2, 3]],
        findings=[
            Finding(samples[2].image, "label_conflict", "group 2: benign, malignant"),
            Finding(samples[2].image, "mask_conflict", "Dice 0.10 with the mask of malignant (1).png"),
            Finding(samples[3].image, "label_conflict", "group 2: benign, malignant"),
        ],
        comparisons=[{"table": "known.csv", **NOTHING, "missing": [["benign (1)", "normal (1)"]], "extra": []}],
        command="hanet doctor --data BUSI",
    )


def test_the_numbers(examination):
    assert examination.summary() == {
        "images": 6,
        "groups": 2,
        "images_in_groups": 4,
        "redundant": 2,
        "pairs_within_groups": 2,
        "related_pairs": 1,
        "findings": {"label_conflict": 2, "mask_conflict": 1},
        "comparisons": examination.comparisons,
    }


def test_the_page_shows_every_group_and_loads_nothing(tmp_path, examination):
    shown = []
    page = write_leak_report(tmp_path / "out", examination, progress=lambda items: shown.extend(items) or items)
    assert shown == [0, 1, 2, 3, 4, 5]
    html, markdown = page.read_text(), (tmp_path / "out" / "report.md").read_text()
    # Two groups and two pairs, the neighbours' and the missing one, of two pictures each.
    assert html.count("<img ") == 8
    assert html.count('src="data:image/jpeg;base64,') == 8
    assert "http" not in html.replace("http://www.w3.org", "")
    for text in (html, markdown):
        order = ("Groups with a conflict", "Group 2: label conflict, mask conflict", "Groups of one frame", "Group 1")
        places = [text.rindex(heading) for heading in order]
        assert places == sorted(places)
        assert "benign (10).png, benign, Dice 0.10 with the mask of malignant (1).png" in text
        assert "Research use only" in text
        assert "only in the table: benign (1) and normal (1)" in text
        assert "0.0000, not defined" in text
        assert "Correlation 0.31" in text
    assert "BUSI &lt;1&gt;: Keep each group on one side" in html
    assert "](pictures/benign%20%281%29.jpg)" in markdown
    assert len(list((tmp_path / "out" / "pictures").iterdir())) == 6


def test_pictures_show_the_mask(tmp_path, examination):
    write_leak_report(tmp_path, examination)
    picture = cv2.imread(str(tmp_path / "pictures" / "benign (1).jpg"))
    # 16 x 12 pixels, enlarged 17.5 times; the mask is rows 2..5 and columns 4..7 of the frame.
    assert picture.shape == (210, 280, 3)
    assert np.abs(picture[70, 70].astype(int) - REFERENCE_COLOUR[::-1]).max() < 80
    assert np.abs(picture[50, 100].astype(int) - 10).max() < 30
    assert np.abs(picture[150, 200].astype(int) - 10).max() < 5


def test_nothing_found(tmp_path, examination):
    clean = Examination(examination.data, examination.samples, [], [], [], [], "hanet doctor --data BUSI")
    html = write_leak_report(tmp_path, clean, progress=lambda items: pytest.fail("no picture is drawn")).read_text()
    assert "None." in html
    assert "<img" not in html
    assert "Groups" not in html
    assert not Path(tmp_path / "pictures").exists()
