"""The house rules of the Python side that a program can check.

rules_test.go in the root has those of the Go side, CONTRIBUTING.md the rest.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

PYWORKER = Path(__file__).resolve().parent.parent
MODULES = sorted((PYWORKER / "highball_worker").glob("*.py"))
SOURCES = [*MODULES, PYWORKER / "bootstrap.py"]

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80

every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)


def imported(tree: ast.Module) -> Iterator[str]:
    """The first parts of the names of all absolute imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def in_standard_library(name: str) -> bool:
    if sys.version_info >= (3, 10):
        return name in sys.stdlib_module_names
    if name in sys.builtin_module_names:
        return True
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return False
    origin = Path(spec.origin)
    library = Path(sysconfig.get_paths()["stdlib"])
    return library in origin.parents and "site-packages" not in origin.parts


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 20


@every_source
def test_imports_only_the_standard_library(path: Path) -> None:
    """The package is sent to interpreters that have nothing installed."""
    tree = ast.parse(path.read_text("utf-8"))
    foreign = {
        name
        for name in imported(tree)
        if not in_standard_library(name)
        and not (path.name == "bootstrap.py" and name == "highball_worker")
    }
    assert not foreign


@every_source
def test_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@every_source
def test_is_syntax_of_python_3_9(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 9))


@every_source
def test_sizes(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION_LINES, node.name
