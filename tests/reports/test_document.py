"""Blocks in Markdown and in HTML: nothing a user may write breaks either, and the page loads nothing."""

import base64
import re
from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from page_reader import Page

from keras_hanet.drawing import PREDICTED_COLOUR, write_picture
from keras_hanet.reports.document import (
    MAX_PICTURE_SIDE,
    Charts,
    Command,
    Facts,
    KeyFigures,
    Pictures,
    Section,
    Table,
    Text,
    to_html,
    to_markdown,
    write_report,
)
from keras_hanet.reports.svg import picture

NASTY = "<script>alert('|')</script> & `a` *b* [c](d)"
NOTICE = "Research use only, not a medical device."


@pytest.fixture
def folder(tmp_path):
    pixels = np.full((40, 60, 3), (200, 100, 0), np.uint8)
    write_picture(tmp_path / "overlays" / "a (1).png", pixels)
    write_picture(tmp_path / "overlays" / "large.png", np.zeros((1280, 400, 3), np.uint8))
    return tmp_path


@pytest.fixture
def sections():
    chart = picture("chart", NASTY, NASTY, "<g/>")
    pictures = ((Path("overlays/a (1).png"), NASTY), (Path("overlays/large.png"), "large"))
    return [
        Section("", (KeyFigures((("Dice", "72.9 %", "[63.0, 81.6]"),)), Facts((("split", NASTY),)), Command(NASTY))),
        Section(NASTY, (Text(NASTY), Table(("run", NASTY), ((NASTY, "1.0 [0.5, 1.5]"),), NASTY))),
        Section("Charts", (Charts((("chart", chart, NASTY),)),)),
        Section("Pictures", (Pictures(NASTY, pictures),)),
    ]


def test_page_is_well_formed_and_nothing_in_it_is_run(folder, sections):
    page = Page(to_html(NASTY, sections, folder, NASTY))
    assert "script" not in {tag for tag, _ in page.elements}
    assert page.texts["h1"] == [NASTY]
    assert NASTY in page.texts["code"]
    assert page.tables == [[["run", NASTY], [NASTY, "1.0 [0.5, 1.5]"]]]
    assert page.texts["h2"] == [NASTY, "Charts", "Pictures"]


def test_page_loads_nothing(folder, sections):
    html = to_html("Title", sections, folder)
    for tag, attributes in Page(html).elements:
        for name in ("src", "href", "srcset", "data", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    assert not re.search(r"url\(|@import|<link|<script|<iframe", html)
    assert set(re.findall(r"https?://[^\"]*", html)) == {"http://www.w3.org/2000/svg"}  # a name, never fetched


def test_page_is_for_readers_of_all_kinds(folder, sections):
    html = to_html("Title", sections, folder)
    page = Page(html)
    assert [image["alt"] for image in page.attributes("img")] == [f"{NASTY}: {NASTY}", f"{NASTY}: large"]
    assert page.attributes("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.attributes("meta")
    assert "@media (prefers-color-scheme: dark)" in html
    assert [cell.get("scope") for cell in page.attributes("th")] == ["col", "col", "row"]
    links = {link["href"].removeprefix("#") for link in page.attributes("a")}
    assert links == {section["id"] for section in page.attributes("section") if "id" in section}
    assert html.count(NOTICE) == 2


def test_picture_inside_the_page_is_that_of_the_file_made_no_larger_than_needed(folder, sections):
    first, large = Page(to_html("Title", sections, folder)).attributes("img")
    kind, _, encoded = first["src"].partition(",")
    assert kind == "data:image/jpeg;base64"
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    assert (first["width"], first["height"], pixels.shape) == ("60", "40", (40, 60, 3))
    assert np.abs(pixels[20, 30].astype(int) - (0, 100, 200)).max() <= 3  # blue, green, red
    assert (large["width"], large["height"]) == ("200", str(MAX_PICTURE_SIDE))


def test_outline_of_one_pixel_keeps_its_colour_inside_the_page(tmp_path):
    pixels = np.full((40, 60, 3), 90, np.uint8)
    pixels[:, 31] = PREDICTED_COLOUR
    write_picture(tmp_path / "outline.png", pixels)
    block = Pictures("Best", ((Path("outline.png"), "outline"),))
    [image] = Page(to_html("Title", [Section("", (block,))], tmp_path)).attributes("img")
    encoded = np.frombuffer(base64.b64decode(image["src"].partition(",")[2]), np.uint8)
    shown = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[:, 31, ::-1].astype(int)
    assert np.abs(shown - PREDICTED_COLOUR).mean() < 15  # 0.3 so; 56 with colours at half the resolution


def test_markdown_by_hand(folder):
    sections = [
        Section("", (KeyFigures((("Dice", "72.9 %", "[63.0, 81.6]"),)), Facts((("split", "fold 0"),)))),
        Section("Command", (Command("hanet"),)),
        Section("Scores", (Text("Two\nlines."), Table(("", "Dice"), (("a_b", "1.0"), ("c|d", "")), "Means."))),
        Section("Pictures", (Pictures("Best", ((Path("overlays/a (1).png"), "a (1)"),)),)),
        Section("Charts", (Charts((("dice", "<svg/>", "Dice."),)),)),
    ]
    body, end = to_markdown("Title", sections, "A lead").split("\n\n---\n\n")
    assert body.split("\n\n") == [
        *("# Title", f"**{NOTICE}**", "A lead"),
        *("- Dice: **72.9 %** [63.0, 81.6]", "- split: fold 0", "## Command", "Made by `hanet`"),
        *("## Scores", "Two lines.", "Means.", "|  | Dice |\n| --- | ---: |\n| a_b | 1.0 |\n| c\\|d |  |"),
        *("## Pictures", "### Best", "![Best: a (1)](overlays/a%20%281%29.png)", "a (1)"),
        *("## Charts", "![Dice.](charts/dice.svg)", "Dice."),
    ]
    assert end.endswith(f"{NOTICE}\n")


def test_markdown_takes_text_for_text(folder, sections):
    text = to_markdown("Title", sections)
    plain = r"\<script\>alert('\|')\</script\> \& \`a\` \*b\* [c]\(d)"
    assert f"\n\n{plain}\n\n" in text
    assert f"Made by `` {NASTY} ``" in text  # a longer fence than any inside
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}


def test_text_table_is_set_to_the_left(tmp_path):
    words = Section("Words", (Table(("a", "b"), (("c", "d"),), numeric=False),))
    assert "| --- | --- |" in to_markdown("Title", [words])
    assert Page(to_html("Title", [words], tmp_path)).attributes("table") == [{}]


def test_table_from_markdown():
    table = Table.from_markdown("| run  | Dice |\n| ---- | ---: |\n| full | 72.9 |\n| a    |      |", "Means.")
    assert table == Table(("run", "Dice"), (("full", "72.9"), ("a", "")), "Means.")


def test_written_report_has_each_chart_as_a_file(folder, sections):
    assert write_report(folder, "Title", sections) == folder / "report.html"
    assert (folder / "report.html").read_text(encoding="utf-8") == to_html("Title", sections, folder)
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert text == to_markdown("Title", sections)
    assert "<style>" in (folder / "charts" / "chart.svg").read_text(encoding="utf-8")
    links = [unquote(link) for link in re.findall(r"!\[.*\]\(([^)]*)\)$", text, flags=re.MULTILINE)]
    assert links == ["charts/chart.svg", "overlays/a (1).png", "overlays/large.png"]
    assert all((folder / link).is_file() for link in links)
    assert sorted(path.name for path in folder.iterdir()) == ["charts", "overlays", "report.html", "report.md"]
