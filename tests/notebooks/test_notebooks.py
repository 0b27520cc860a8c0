"""The notebooks run, and what lies in git of them is text and code alone."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_A_CELL = 240
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def text_of(book):
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")


def test_the_tour_has_five_parts_and_its_page_lists_them():
    page = (ROOT / "notebooks" / "README.md").read_text()
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]
    assert all(f"]({path.name})" in page for path in NOTEBOOKS)


@each
def test_no_output_and_no_count_is_kept(path):
    for cell in code_of(read(path)):
        assert (cell.outputs, cell.execution_count, dict(cell.metadata)) == ([], None, {})


@each
def test_the_file_is_as_nbformat_writes_it(path):
    book = read(path)
    nbformat.validate(book)
    assert path.read_text() == nbformat.writes(book) + "\n"
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert dict(book.metadata.language_info) == {"name": "python"}
    assert [cell.id for cell in book.cells] == [f"cell-{number:02d}" for number in range(1, len(book.cells) + 1)]


@each
def test_no_path_of_a_machine_is_in_it(path):
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|usr|mnt|data|opt|Users)\b|\b[A-Z]:\\\\", path.read_text())


@each
def test_it_says_research_use_only_first_and_what_is_next_last(path):
    cells = read(path).cells
    assert "**Research use only, not a medical device.**" in cells[0].source
    assert "**Next:** [" in cells[-1].source


@each
def test_the_first_code_cell_leaves_the_data_to_the_reader(path):
    assert re.search(r"^DATA = None  # ", code_of(read(path))[0].source, re.MULTILINE)
    assert "`DATA`" in read(path).cells[0].source


@each
def test_it_checks_itself(path):
    assert sum(len(re.findall(r"^ *assert ", cell.source, re.MULTILINE)) for cell in code_of(read(path))) >= 5


@each
def test_its_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text_of(read(path)))
    assert links
    for link in links:
        assert (path.parent / link).is_file(), link


@pytest.mark.slow
@each
def test_it_runs_on_phantoms_from_any_folder(path, tmp_path):
    from nbclient import NotebookClient

    book = read(path)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=SECONDS_A_CELL, kernel_name="python3", resources=resources).execute()
    assert all(cell.execution_count for cell in code_of(book))
    assert not list(tmp_path.iterdir()), "a notebook writes into its temporary folder only"
