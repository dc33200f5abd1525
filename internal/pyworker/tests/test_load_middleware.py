"""wrap(): middleware, the first outermost, and the validator directly at the application."""

from __future__ import annotations

from pathlib import Path

from load_probe import app, load

MIDDLEWARE = """
class Mark:
    def __init__(self, app, mark="m", *, end=""):
        self.app, self.mark, self.end = app, mark, end
    def __call__(self, environ, start_response):
        body = b"".join(self.app(environ, start_response))
        return [self.mark.encode() + b"(" + body + b")" + self.end.encode()]

def a(app):
    return Mark(app, "a")

def nothing(app):
    pass

def broken(app):
    return app.missing
"""
FILES = {"m.py": app(), "mw.py": MIDDLEWARE}


def test_first_is_outermost(tmp_path: Path) -> None:
    got = load(tmp_path, "m", FILES, middleware=["mw:a", "mw:Mark('b', end='!')", "mw:Mark"])
    assert got.body == "a(b(m(hello))!)"


def test_validator_sees_the_application_itself(tmp_path: Path) -> None:
    bad = app().replace('"200 OK"', '"20"')
    got = load(tmp_path, "m", {**FILES, "m.py": bad}, validate=True)
    assert got.error == "AssertionError"
    assert load(tmp_path, "m", FILES, validate=True).body == "hello"


def test_middleware_that_does_not_exist(tmp_path: Path) -> None:
    assert load(tmp_path, "m", FILES, middleware=["mww:a"]).hint == "did you mean mw?"
    missing = load(tmp_path, "m", FILES, middleware=["mw:mark"])
    assert missing.message == "mw has no attribute mark"


def test_middleware_without_a_callable(tmp_path: Path) -> None:
    got = load(tmp_path, "m", FILES, middleware=["mw"])
    assert got.message == "the middleware 'mw' names no callable"


def test_middleware_that_returns_nothing(tmp_path: Path) -> None:
    got = load(tmp_path, "m", FILES, middleware=["mw:nothing"])
    assert got.message == "mw:nothing(application) returned None, which is not callable"


def test_error_inside_middleware_passes_through(tmp_path: Path) -> None:
    got = load(tmp_path, "m", FILES, middleware=["mw:broken"])
    assert got.error == "AttributeError"
    assert "in broken" in got.traceback


READS_ALL = """
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body + b"read"]
"""


def test_validate_lets_read_have_no_size(tmp_path: Path) -> None:
    found = load(tmp_path, "shop", {"shop.py": READS_ALL}, validate=True)
    assert found.body == "read"
