"""What the pages say is what the files say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from keras_hanet.cli.main import COMMANDS
from keras_hanet.models import weights

ROOT = Path(__file__).parents[1]
FOLDERS = (
    *(".", "docs", "docs/api", "docs/decisions", "docs/deploy", "docs/results", "notebooks"),
    *("benchmarks", "examples/edge", "saved_models"),
)
PAGES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))]


@pytest.mark.skipif(
    set(weights.installed_models()) != set(weights.FOLDERS), reason="a source archive has no model but cart"
)
def test_table_of_results_is_what_the_files_say():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write_results.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_says_research_use_only(page):
    text = page.read_text().lower()
    assert "research use only" in text
    assert "not a medical device" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_commands_and_files_that_exist(page):
    text = page.read_text()
    assert set(re.findall(r"^hanet ([\w-]+)", text, re.MULTILINE)) <= set(COMMANDS)
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (page.parent / link).exists(), link
