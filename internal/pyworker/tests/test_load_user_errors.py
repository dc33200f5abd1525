"""Errors inside the user's code keep their own traceback, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_probe import load


def test_import_that_fails_inside_the_module(tmp_path: Path) -> None:
    got = load(tmp_path, "m:app", {"m.py": "\nimport no_such_thing\n"})
    assert got.error == "ModuleNotFoundError"
    assert got.traceback == (
        "Traceback (most recent call last):\n"
        f'  File "{tmp_path}/m.py", line 2, in <module>\n'
        "    import no_such_thing\n"
        "ModuleNotFoundError: No module named 'no_such_thing'\n"
    )


def test_module_that_imports_its_own_missing_submodule(tmp_path: Path) -> None:
    got = load(tmp_path, "shop.wsgi:app", {"shop/__init__.py": "import shop.wsgi\n"})
    assert got.error == "ModuleNotFoundError"
    assert "shop/__init__.py" in got.traceback


def test_the_module_of_the_same_name_is_missing_deeper(tmp_path: Path) -> None:
    files = {"m.py": "import importlib\nimportlib.import_module('m.x')\n"}
    got = load(tmp_path, "m.x:app", files)
    assert got.error == "ModuleNotFoundError"
    assert "importlib/__init__" not in got.traceback
    assert "<frozen" not in got.traceback


def test_name_that_cannot_be_imported(tmp_path: Path) -> None:
    assert load(tmp_path, "m", {"m.py": "from os import nothing\n"}).error == "ImportError"


@pytest.mark.parametrize("spec", ["m:app", "m.py", "m.wsgi"])
def test_syntax_error(tmp_path: Path, spec: str) -> None:
    name = "m.wsgi" if spec == "m.wsgi" else "m.py"
    got = load(tmp_path, spec, {name: "x = 1\ndef broken(:\n"})
    assert got.error == "SyntaxError"
    assert got.traceback.startswith(f'  File "{tmp_path}/{name}", line 2\n')
    assert "highball_worker" not in got.traceback


def test_syntax_error_in_an_imported_file(tmp_path: Path) -> None:
    got = load(tmp_path, "m", {"m.py": "import n\n", "n.py": "def broken(:\n"})
    assert f'{tmp_path}/m.py", line 1, in <module>' in got.traceback
    assert "highball_worker" not in got.traceback


def test_chained_exceptions(tmp_path: Path) -> None:
    source = "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e\n"
    got = load(tmp_path, "m", {"m.py": source})
    assert got.traceback.count("Traceback (most recent call last)") == 2
    assert "direct cause" in got.traceback
    assert "highball_worker" not in got.traceback


def test_error_inside_a_factory(tmp_path: Path) -> None:
    source = "def create_app():\n    return len(1, 2)\n"
    for spec in ("m:create_app()", "m"):
        got = load(tmp_path, spec, {"m.py": source})
        assert got.error == "TypeError"
        assert got.traceback.splitlines()[1] == f'  File "{tmp_path}/m.py", line 2, in create_app'


def test_error_inside_an_attribute(tmp_path: Path) -> None:
    source = (
        "class Site:\n    @property\n    def app(self):\n        return self.gone\nsite = Site()\n"
    )
    got = load(tmp_path, "m:site.app", {"m.py": source})
    assert got.error == "AttributeError"
    assert "in app" in got.traceback


def test_exit_at_import(tmp_path: Path) -> None:
    got = load(tmp_path, "m", {"m.py": "import sys\n\nsys.exit(3)\n"})
    assert got.message == (f"module m called sys.exit(3) at {tmp_path}/m.py:3 while it was loaded")
    assert "__main__" in got.hint


def test_exit_by_way_of_the_standard_library(tmp_path: Path) -> None:
    source = "import argparse\nargparse.ArgumentParser().parse_args(['--no'])\n"
    assert f"at {tmp_path}/m.py:2 " in load(tmp_path, "m", {"m.py": source}).message


def test_exit_in_a_factory_and_in_a_script(tmp_path: Path) -> None:
    source = "import sys\ndef make():\n    sys.exit('no database')\n"
    got = load(tmp_path, "m:make()", {"m.py": source})
    assert got.message.startswith(f"m:make() called sys.exit('no database') at {tmp_path}/m.py:3")
    script = load(tmp_path, "s.wsgi", {"s.wsgi": "raise SystemExit\n"})
    assert f"called sys.exit(None) at {tmp_path}/s.wsgi:1" in script.message


def test_null_bytes_show_an_error(tmp_path: Path) -> None:
    assert load(tmp_path, "m", {"m.py": "x = 1\0\n"}).error in ("ValueError", "SyntaxError")


def test_application_is_not_called_by_loading(tmp_path: Path) -> None:
    source = "def app(environ, start_response):\n    raise RuntimeError\n"
    assert load(tmp_path, "m", {"m.py": source}, call=False).kind == "module"
