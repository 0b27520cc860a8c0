"""The messages that docs/questions.md explains are those of the program."""

import ast
import re

import pytest
from doc_pages import DOCS, ROOT

from keras_hanet.cli.main import main

QUOTED = re.findall(r"^### `(.+)`$", (DOCS / "questions.md").read_text(), re.MULTILINE)


def sentences():
    """Every text in the package as a program would print it, "…" for what it fills in."""
    for path in (ROOT / "keras_hanet").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)


@pytest.fixture(scope="module")
def said():
    return list(sentences())


@pytest.mark.parametrize("quoted", QUOTED)
def test_every_message_is_one_that_the_program_says(quoted, said):
    assert any(quoted in sentence for sentence in said), quoted


def test_there_are_messages_and_a_changed_one_is_noticed(said):
    assert len(QUOTED) > 30
    assert not any("… exists and is not empty; give another folder" in sentence for sentence in said)


def test_a_message_comes_out_as_it_is_quoted(tmp_path, capsys):
    (tmp_path / "nothing").mkdir()
    assert main(["predict", str(tmp_path / "nothing"), "--output", str(tmp_path / "out")]) == 2
    first, second = "expected a folder with what can be outlined (", "), found none of these"
    printed = capsys.readouterr().err
    assert first in printed
    assert second in printed
    assert f"…: {first}…{second}" in QUOTED
