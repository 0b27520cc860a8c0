"""The PDF, read back: one A4 page whose text can be selected and stays inside it."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from drawn_analyses import NASTY, draw_analysis, fullest_analysis, with_interval
from pypdf import PdfReader

from keras_hanet.analysis.case_content import describe_case
from keras_hanet.analysis.case_report import write_case_pdf
from keras_hanet.analysis.flags import FLAGS

NOTICE = "Research use only, not a medical device."
ANALYSES = {"one": draw_analysis(), "none": draw_analysis(()), "full": fullest_analysis()}


def read(path):
    reader = PdfReader(path)
    [page] = reader.pages
    return reader, page


def test_page_has_everything(tmp_path):
    analysis = draw_analysis(flags=("calipers",), lesion_probability=0.936, expected_dice=0.871, doubtful=True)
    write_case_pdf(tmp_path / "case.pdf", with_interval(analysis), "busi")
    reader, page = read(tmp_path / "case.pdf")
    text = page.extract_text()
    for words in (
        *("scan.png", "Model busi, keras-hanet", FLAGS["calipers"], "20.0 mm", "90 % interval 10.0 to 40.0 mm"),
        *("94 %", "0.87", "2.0 mm²", "0°", "Doubtful: the outline is expected to be poor. Do not rely on this result."),
    ):
        assert words in text
    assert text.count(NOTICE) == 2
    assert reader.metadata.title == "scan.png"
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297]


@pytest.mark.parametrize("analysis", ANALYSES.values(), ids=ANALYSES)
def test_text_lies_inside_the_page_one_line_below_the_other(tmp_path, analysis):
    write_case_pdf(tmp_path / "case.pdf", with_interval(analysis), "W" * 300)
    heights = []

    def visit(text, _, matrix, font, size):
        if text.strip():
            assert 0 < matrix[4] < 595
            heights.append(round(matrix[5]))

    _, page = read(tmp_path / "case.pdf")
    page.extract_text(visitor_text=visit)
    assert max(heights) < 842 - 30
    lowest, next_lowest = sorted(set(heights))[:2]
    assert 30 < lowest < next_lowest - 10  # the footer stands apart from what is above it


def test_pictures_are_the_image_and_its_outline(tmp_path):
    analysis = draw_analysis(((60, 50, 40, 100),))
    write_case_pdf(tmp_path / "case.pdf", analysis, "busi")
    _, page = read(tmp_path / "case.pdf")
    found = [cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_COLOR_RGB) for image in page.images]
    for (picture, _), shown in zip(describe_case(analysis, "busi").pictures, found, strict=True):
        assert np.abs(picture.astype(int) - shown).mean() < 1


@pytest.mark.parametrize(
    "name", [NASTY, "\u4e73\u817a \u2013 \U0001f600.png", "\u00e9t\u00e9.png", "..", "\x00.png", "(\\.png"]
)
def test_any_name_gives_a_page(tmp_path, name):
    write_case_pdf(tmp_path / "case.pdf", draw_analysis(name=name), name)
    reader, page = read(BytesIO((tmp_path / "case.pdf").read_bytes()))
    assert "Long axis" in page.extract_text()
    assert reader.metadata.title == " ".join(name.split())
    if name.startswith("\u00e9"):
        assert name in page.extract_text()
