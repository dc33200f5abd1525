"""The forms that name a module: module, module:name, module:obj.attr, module:factory()."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_probe import app, load

FACTORY = """
def create_app(mode="dev", *, level=0):
    def application(environ, start_response):
        start_response("200 OK", [])
        return [f"{mode} {level}".encode()]
    return application
"""

OBJECTS = """
class Site:
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [b"site"]

    def make(self):
        return self

class holder:
    site = Site()

class Answer:
    def __init__(self, environ, start_response):
        start_response("200 OK", [])

    def __iter__(self):
        return iter([b"class"])
"""


def test_named_attribute_of_a_package(tmp_path: Path) -> None:
    got = load(tmp_path, "shop.wsgi:main", {"shop/wsgi.py": app(name="main")})
    assert (got.target, got.kind, got.body) == ("shop.wsgi:main", "module", "hello")
    assert got.path[0] == str(tmp_path)


def test_application_comes_before_app(tmp_path: Path) -> None:
    got = load(tmp_path, "site_", {"site_.py": app("a", "app") + app("b")})
    assert (got.target, got.body) == ("site_:application", "b")


def test_app_is_the_second_choice(tmp_path: Path) -> None:
    assert load(tmp_path, "m", {"m.py": app(name="app")}).target == "m:app"


def test_what_is_not_callable_is_passed_over(tmp_path: Path) -> None:
    files = {"m.py": "application = None\n" + app(name="app")}
    assert load(tmp_path, "m", files).target == "m:app"


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("create_app()", "dev 0"),
        ('create_app("prod")', "prod 0"),
        ("create_app('a:b', level=-3)", "a:b -3"),
        (" create_app(mode=['x']) ", "['x'] 0"),
    ],
)
def test_factory(tmp_path: Path, expression: str, body: str) -> None:
    got = load(tmp_path, "m:" + expression, {"m.py": FACTORY})
    assert (got.target, got.body) == ("m:" + expression.strip(), body)


@pytest.mark.parametrize(
    ("expression", "body"),
    [("holder.site", "site"), ("holder.site.make()", "site"), ("Answer", "class")],
)
def test_objects(tmp_path: Path, expression: str, body: str) -> None:
    got = load(tmp_path, "m:" + expression, {"m.py": OBJECTS})
    assert (got.target, got.body) == ("m:" + expression, body)


def test_bare_module_with_only_a_factory(tmp_path: Path) -> None:
    got = load(tmp_path, "m", {"m.py": FACTORY})
    assert (got.target, got.body) == ("m:create_app()", "dev 0")


def test_a_callable_without_a_signature_is_let_through(tmp_path: Path) -> None:
    source = "import functools\n" + app(name="real") + "application = functools.partial(real)\n"
    assert load(tmp_path, "m", {"m.py": source}).body == "hello"
    assert load(tmp_path, "m:builtin", {"m.py": "builtin = dict"}, call=False).target == "m:builtin"


def test_bottle(tmp_path: Path) -> None:
    pytest.importorskip("bottle")
    source = "import bottle\napp = bottle.Bottle()\napp.route('/')(lambda: 'bottle')\n"
    assert load(tmp_path, "m", {"m.py": source}).body == "bottle"


def test_files_named_like_the_standard_library_break_nothing(tmp_path: Path) -> None:
    broken = "raise RuntimeError('imported instead of the standard module')\n"
    names = ["socket", "types", "ast", "traceback", "linecache", "tokenize", "difflib", "typing"]
    files = {name + ".py": broken for name in names}
    files["highball/__init__.py"] = broken
    files["wsgiref/__init__.py"] = broken
    files["bad.py"] = "x = 1\nraise KeyError('boom')\n"
    files["good.py"] = app()
    assert load(tmp_path, "good", files, validate=False, call=False).target == "good:application"
    assert load(tmp_path, "god", files).hint == "did you mean good?"
    assert "KeyError: 'boom'" in load(tmp_path, "bad", files).traceback
