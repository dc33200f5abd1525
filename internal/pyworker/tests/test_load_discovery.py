"""No application is named: FLASK_APP, wsgi.py and app.py, by Flask's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from load_probe import app, load

# Recognised by the module and the name of its class, as the real one is.
FAKE = {
    "flask/__init__.py": "from .app import Flask\n",
    "flask/app.py": """
class Flask:
    def __init__(self, name, body="flask"):
        self.body = body
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [self.body.encode()]
""",
}
FACTORY = """
from flask import Flask
def create_app(body="made"):
    return Flask(__name__, body)
def application_for(environ, start_response):
    start_response("200 OK", [])
    return [b"plain"]
"""


@pytest.mark.parametrize("name", ["application", "app"])
@pytest.mark.parametrize("file", ["wsgi.py", "app.py", "app/__init__.py"])
def test_plain_wsgi(tmp_path: Path, file: str, name: str) -> None:
    got = load(tmp_path, None, {file: app(name=name)})
    assert (got.target, got.kind, got.body) == (f"{name} of {file}", "file", "hello")
    assert got.modules == []


def test_blank_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, "  ", {"app.py": app()}).body == "hello"


def test_wsgi_comes_before_app(tmp_path: Path) -> None:
    got = load(tmp_path, None, {"wsgi.py": app("first"), "app.py": app("second")})
    assert got.body == "first"


def test_only_flask_instance(tmp_path: Path) -> None:
    source = "from flask import Flask\nsite = same = Flask(__name__)\n"
    got = load(tmp_path, None, {**FAKE, "app.py": source})
    assert (got.target, got.kind, got.body) == ("site of app.py", "flask", "flask")


def test_several_flask_instances(tmp_path: Path) -> None:
    source = "from flask import Flask\none, two = Flask(__name__), Flask(__name__)\n"
    got = load(tmp_path, None, {**FAKE, "app.py": source})
    assert got.message == "app.py holds several Flask applications: one, two"
    assert got.hint == "name the one to serve: app.py:one"


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_factory(tmp_path: Path, name: str) -> None:
    source = FACTORY.replace("create_app", name)
    got = load(tmp_path, None, {**FAKE, "app.py": source})
    assert (got.target, got.kind, got.body) == (f"{name}() of app.py", "flask", "made")


def test_factory_that_needs_arguments(tmp_path: Path) -> None:
    source = FACTORY.replace('body="made"', "body")
    got = load(tmp_path, None, {**FAKE, "app.py": source})
    assert got.message.startswith("app.py:create_app() could not be called so")


def test_wrapped_application_is_preferred_to_app(tmp_path: Path) -> None:
    source = "from flask import Flask\napp = Flask(__name__)\n" + app("wrapped")
    assert load(tmp_path, None, {**FAKE, "wsgi.py": source}).body == "wrapped"


@pytest.mark.parametrize(
    ("value", "target", "body"),
    [
        ("factory", "factory:create_app()", "made"),
        ("factory:create_app", "factory:create_app()", "made"),
        ("factory:create_app('x:y')", "factory:create_app('x:y')", "x:y"),
        ("factory.py", "create_app() of factory.py", "made"),
        ("factory.py:create_app", "create_app() of factory.py", "made"),
        ("factory:application_for", "factory:application_for", "plain"),
    ],
)
def test_flask_app_variable(tmp_path: Path, value: str, target: str, body: str) -> None:
    got = load(tmp_path, None, {**FAKE, "factory.py": FACTORY}, env={"FLASK_APP": value})
    assert (got.target, got.kind, got.body) == (target, "flask", body)


def test_flask_app_in_a_package(tmp_path: Path) -> None:
    files = {**FAKE, "src/web/__init__.py": FACTORY}
    got = load(tmp_path, None, files, env={"FLASK_APP": "src/web"})
    assert (got.target, got.body) == ("create_app() of src/web", "made")


@pytest.mark.parametrize("value", ["gone", "gone.py", "factory:gone"])
def test_flask_app_that_does_not_exist(tmp_path: Path, value: str) -> None:
    got = load(tmp_path, None, {**FAKE, "factory.py": FACTORY}, env={"FLASK_APP": value})
    assert got.message.endswith(f"(the environment variable FLASK_APP is {value!r})")


def test_nothing_found(tmp_path: Path) -> None:
    got = load(tmp_path, None, {"tool.py": "x = 1\n"})
    assert got.message == f"no application was named, and none was found in {tmp_path}"
    assert got.tried == [
        "manage.py of a Django project",
        "the environment variable FLASK_APP",
        "wsgi.py",
        "app.py",
    ]
    assert "shop.wsgi:application" in got.hint


def test_flask_app_of_a_file_that_is_not_read_is_hinted(tmp_path: Path) -> None:
    files = {".env": "X=1\n", ".flaskenv": "FLASK_DEBUG=1\nexport FLASK_APP='web:site' \n"}
    hint = load(tmp_path, None, files).hint
    assert hint == "FLASK_APP of .flaskenv is for `highball dev` alone: name it here, as web:site"


def test_main_py_is_hinted_and_not_run(tmp_path: Path) -> None:
    files = {"a.py": "app = 1\n", "main.py": "raise SystemExit\napp: object = 1\n"}
    assert load(tmp_path, None, files).hint == "did you mean main:app?"


def test_factory_in_another_file_is_hinted(tmp_path: Path) -> None:
    assert load(tmp_path, None, {"web.py": FACTORY}).hint == "did you mean web:create_app()?"


def test_hints_do_not_touch_flask_proxies(tmp_path: Path) -> None:
    pytest.importorskip("flask")
    source = "from flask import Flask, current_app, g, request, session\n" + app(name="web")
    assert load(tmp_path, "m:missing", {"m.py": source}).hint == "did you mean m:web?"
    assert load(tmp_path, "m", {"m.py": source}).hint == "did you mean m:web?"


def test_real_flask(tmp_path: Path) -> None:
    pytest.importorskip("flask")
    source = "import flask\nsite = flask.Flask(__name__)\nsite.route('/')(lambda: 'real')\n"
    got = load(tmp_path, None, {"app.py": source})
    assert (got.target, got.kind, got.body) == ("site of app.py", "flask", "real")
