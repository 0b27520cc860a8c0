"""The HTML page: everything is on it, nothing in a name is run, and the fullest one prints on one sheet of A4."""

import re
import shutil
from io import BytesIO

import pytest
from drawn_analyses import NASTY, draw_analysis, fullest_analysis, with_interval
from page_reader import Page
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from keras_hanet.analysis.case_report import write_case_pdf, write_case_report
from keras_hanet.analysis.flags import FLAGS

NOTICE = "Research use only, not a medical device."
CHROMIUM = shutil.which("chromium")


def page_of(path, *arguments):
    write_case_report(path, *arguments)
    return Page(path.read_text(encoding="utf-8"))


def test_page_has_everything(tmp_path):
    analysis = draw_analysis(flags=("calipers",), lesion_probability=0.936, expected_dice=0.871, doubtful=True)
    page = page_of(tmp_path / "case.html", with_interval(analysis), "busi")
    assert page.texts["h1"] == ["scan.png"]
    assert page.texts["h2"] == ["Before you rely on it", "Measures"]
    assert page.texts["strong"] == ["20.0 mm", "94 %", "0.87"]
    assert page.texts["li"][0] == FLAGS["calipers"]
    assert "Doubtful: the outline is expected to be poor. Do not rely on this result." in page.texts["p"]
    [table] = page.tables
    assert table[:3] == [
        ["", "Lesion 1"],
        ["Long axis", "20.0 mm"],
        ["90 % interval of the long axis", "10.0 to 40.0 mm"],
    ]
    assert ["Area", "2.0 mm²"] in table
    assert [image["alt"] for image in page.attributes("img")] == ["Image", "Outlined by the model"]
    html = (tmp_path / "case.html").read_text(encoding="utf-8")
    assert html.count(NOTICE) == 2
    assert "Model busi, keras-hanet" in html


def test_page_without_a_lesion_has_no_table(tmp_path):
    page = page_of(tmp_path / "case.html", draw_analysis(()), "busi")
    assert page.tables == []
    assert page.texts["h2"] == ["Before you rely on it"]


def test_nothing_in_a_name_is_run_and_the_page_loads_nothing(tmp_path):
    page = page_of(tmp_path / "case.html", with_interval(draw_analysis(name=NASTY)), NASTY)
    assert page.texts["h1"] == [NASTY]
    assert "script" not in {tag for tag, _ in page.elements}
    html = (tmp_path / "case.html").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|<link|<script|<iframe", html)
    for tag, attributes in page.elements:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)


def test_files_are_whole_or_not_there(tmp_path):
    """A name that is no text stops the writer before a file is begun."""
    for write in (write_case_report, write_case_pdf):
        with pytest.raises(AttributeError):
            write(tmp_path / "case", draw_analysis(name=None), "busi")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(CHROMIUM is None, reason="no browser here: install Debian's package chromium")
def test_fullest_page_prints_on_one_sheet_and_fits_a_phone(tmp_path):
    write_case_report(tmp_path / "case.html", with_interval(fullest_analysis()), "W" * 300)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.goto((tmp_path / "case.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        [sheet] = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
        browser.close()
    assert [round(float(side) / 72 * 25.4) for side in sheet.mediabox[2:]] == [210, 297]
    assert NOTICE in sheet.extract_text().splitlines()[-1]
