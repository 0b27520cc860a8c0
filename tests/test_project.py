import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PACKAGE = ROOT / "keras_hanet"
# Nothing that could go wrong: two exceptions, a record, a number.
WITHOUT_TEST = {"errors", "sample", "version"}
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if not path.stem.startswith("__") and path.stem not in WITHOUT_TEST
)


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_has_a_test_file_of_its_name(module):
    place = TESTS / module.parent.relative_to(PACKAGE)
    assert (place / f"test_{module.stem}.py").is_file(), f"{place.relative_to(ROOT)} lacks test_{module.stem}.py"


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.relative_to(TESTS).as_posix())
def test_every_test_is_in_a_file_that_pytest_collects(path):
    tests = [name for name in functions_of(path) if name.startswith("test")]
    assert bool(tests) == path.name.startswith("test_")
    assert len(tests) == len(set(tests)), "of two tests of one name the first never runs"


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.name)
def test_a_script_does_nothing_when_a_process_of_its_own_imports_it_again(path):
    """Trainings side by side are spawned, and a spawned process imports the program's file under another name."""
    runpy.run_path(str(path), run_name="__mp_main__")
