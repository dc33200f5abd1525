"""The forms that name a path: a Python file, a package, a mod_wsgi script, a directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from load_probe import app, load

RELATIVE = """
from . import names
def app(environ, start_response):
    start_response("200 OK", [])
    return [(names.NAME + " " + __name__).encode()]
def make(body="made"):
    def inner(environ, start_response):
        start_response("200 OK", [])
        return [body.encode()]
    return inner
"""
PACKAGE = {
    "src/shop/__init__.py": "",
    "src/shop/web/__init__.py": "",
    "src/shop/web/names.py": "NAME = 'relative'\n",
    "src/shop/web/main.py": RELATIVE,
}


def test_file_in_a_package_imports_relatively(tmp_path: Path) -> None:
    got = load(tmp_path, "src/shop/web/main.py", PACKAGE)
    assert (got.target, got.kind) == ("app of src/shop/web/main.py", "file")
    assert got.body == "relative shop.web.main"
    assert got.path == [str(tmp_path / "src"), str(tmp_path)]


@pytest.mark.parametrize(
    ("text", "body"), [("app", "relative shop.web.main"), ("make('x:y')", "x:y")]
)
def test_file_with_an_expression(tmp_path: Path, text: str, body: str) -> None:
    got = load(tmp_path, f"./src/shop/web/main.py:{text}", PACKAGE)
    assert (got.target, got.body) == (f"{text} of ./src/shop/web/main.py", body)


def test_absolute_file(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    got = load(other, str(tmp_path / "m.py"), {"../m.py": app()})
    assert (got.target, got.body) == (f"application of {tmp_path}/m.py", "hello")


@pytest.mark.parametrize("name", ["my-app.py", "site.v2.py"])
def test_file_whose_name_is_not_an_identifier(tmp_path: Path, name: str) -> None:
    got = load(tmp_path, name, {name: app()})
    assert (got.body, got.kind) == ("hello", "file")


def test_package_directory(tmp_path: Path) -> None:
    got = load(tmp_path, "./shop:app", {"shop/__init__.py": app(name="app")})
    assert (got.target, got.body) == ("app of ./shop", "hello")


def test_path_that_does_not_exist(tmp_path: Path) -> None:
    got = load(tmp_path, "wsig.py", {"wsgi.py": app()})
    assert got.message == "there is no file wsig.py"
    assert got.tried == [str(tmp_path / "wsig.py")]
    assert got.hint == "did you mean wsgi.py?"


def test_path_without_its_suffix(tmp_path: Path) -> None:
    got = load(tmp_path, "web/main:app", {"web/main.py": app()})
    assert got.hint == "did you mean web/main.py?"


def test_path_in_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    got = load(tmp_path, "gone/main.py")
    assert got.hint == f"there is no directory {tmp_path}/gone"


def test_file_hidden_by_a_loaded_module(tmp_path: Path) -> None:
    assert load(tmp_path, "./types.py", {"types.py": app()}).hint == "rename types.py"


def test_file_without_an_application(tmp_path: Path) -> None:
    got = load(tmp_path, "m.py", {"m.py": app(name="web")})
    assert got.message == "m.py holds no WSGI application"
    assert got.hint == "did you mean m.py:web?"


def test_mod_wsgi_script(tmp_path: Path) -> None:
    files = {"conf/site.wsgi": "NAME = __name__, __file__\n" + app() + app("other", "second")}
    got = load(tmp_path, "conf/site.wsgi", files)
    assert (got.target, got.kind) == ("application of conf/site.wsgi", "mod_wsgi")
    assert got.body == "hello"
    assert got.path[0] == str(tmp_path)
    assert load(tmp_path, "conf/site.wsgi:second").body == "other"
    assert not (tmp_path / "conf/__pycache__").exists()


def test_mod_wsgi_script_is_a_module_with_a_file(tmp_path: Path) -> None:
    source = "import sys\nassert sys.modules[__name__].__dict__ is globals()\n"
    source += f"assert __file__ == {str(tmp_path / 'site.wsgi')!r}\n"
    source += "assert __name__ != '__main__'\n" + app()
    assert load(tmp_path, "site.wsgi", {"site.wsgi": source}).body == "hello"


def test_mod_wsgi_script_needs_application(tmp_path: Path) -> None:
    got = load(tmp_path, "site.wsgi", {"site.wsgi": app(name="app")})
    assert got.message == "site.wsgi has no attribute application"
    assert got.hint == "did you mean site.wsgi:app?"


def test_mod_wsgi_traceback_shows_the_source(tmp_path: Path) -> None:
    got = load(tmp_path, "site.wsgi", {"site.wsgi": "\n1 / 0  # here\n"})
    assert "1 / 0  # here" in got.traceback
    assert "highball_worker" not in got.traceback


def test_script_of_any_suffix(tmp_path: Path) -> None:
    assert load(tmp_path, "site.fcgi", {"site.fcgi": app()}).kind == "mod_wsgi"


def test_module_wsgi_comes_before_a_script_of_that_name(tmp_path: Path) -> None:
    files = {"shop/wsgi.py": app("module"), "shop.wsgi": app("script")}
    assert load(tmp_path, "shop.wsgi", files).body == "module"
    assert load(tmp_path, "./shop.wsgi").body == "script"


def test_script_that_does_not_exist(tmp_path: Path) -> None:
    got = load(tmp_path, "sites.wsgi", {"site.wsgi": app()})
    assert got.message == "there is neither a module nor a script sites.wsgi"
    assert got.tried[-1] == str(tmp_path / "sites.wsgi")
    assert got.hint == "did you mean site.wsgi?"


def test_directory_is_entered(tmp_path: Path) -> None:
    got = load(tmp_path, "web", {"web/wsgi.py": app()})
    assert (got.target, got.body) == ("application of wsgi.py", "hello")
    assert os.path.realpath(got.cwd) == os.path.realpath(tmp_path / "web")
    assert got.path[0] == str(tmp_path / "web")


def test_directory_that_is_no_package_has_no_attributes(tmp_path: Path) -> None:
    got = load(tmp_path, "./web:app", {"web/x.py": ""})
    assert got.message == "./web is a directory, and not a package, so it has no app"
