"""The site holds every page and every module once, builds without a warning, and none of its links leads nowhere."""

import re
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from html.parser import HTMLParser
from runpy import run_path
from urllib.parse import unquote, urlsplit

import pytest
from doc_pages import DOCS, ROOT

from keras_hanet.version import INTENDED_USE

EXTENSIONS = DOCS / "_extensions"
LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("link", "href"), ("source", "src")}


class Page(HTMLParser):
    """The ids, links and loaded files of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.add(values.get("id"))
        self.loaded |= {values[name] for kind, name in LOADING if kind == tag and name in values}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site: {path: Page} of every page."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "-c", "docs", "-b", "html", "-nW", "--keep-going", "-q", ".", folder]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path: Page(path.read_text()) for path in folder.rglob("*.html")}


def test_the_contents_hold_every_page_once():
    pages = [name for names in run_path(EXTENSIONS / "contents.py")["chapters"](DOCS).values() for name in names]
    assert [name for name, times in Counter(pages).items() if times > 1] == []
    written = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    # Tables of single experiments are reached from the page of results.
    assert {name for name in written - set(pages) if not re.match("results/.+/", name)} == set()


def test_every_module_is_on_one_page():
    helpers = run_path(EXTENSIONS / "modules.py")
    patterns = [
        pattern for page in (DOCS / "api").glob("*.md") for pattern in helpers["read_patterns"](page.read_text())
    ]
    modules = helpers["find_modules"](ROOT)
    assert len(modules) > 150
    pages = {name: [pattern for pattern in patterns if fnmatch(name, pattern)] for name in modules}
    assert {name: found for name, found in pages.items() if len(found) != 1} == {}, "see the blocks in docs/api"
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in modules)] == []


def test_a_docstring_is_read_as_it_was_meant():
    lines = ["mean of |X| for `name_` and name_, *.csv", "of `a", "b`s"]
    run_path(EXTENSIONS / "docstrings.py")["escape"](None, None, None, None, None, lines)
    assert lines == [r"mean of \|X\| for `name_` and name\_, \*.csv", "of `a", r"b`\ s"]


@pytest.mark.slow
def test_every_page_says_research_use_only_and_loads_nothing_from_elsewhere(site):
    pages = {path: page for path, page in site.items() if path.name != "index.html" or path.parent.name == "docs"}
    assert len(pages) > 50
    for path, page in pages.items():
        assert INTENDED_USE in path.read_text(), path
        assert [address for address in page.loaded if urlsplit(address).netloc] == [], path


@pytest.mark.slow
def test_every_link_leads_somewhere(site):
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:  # what lies elsewhere is not reached from here: its form alone is checked
                assert parts.scheme in ("https", "http", "mailto"), link
                assert parts.scheme == "mailto" or re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc), link
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target in site:
                assert unquote(parts.fragment) in site[target].ids, f"{path.name}: {link}"
