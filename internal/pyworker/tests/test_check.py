"""highball check: one broken application for each rule, and clean ones."""

from __future__ import annotations

import importlib
import marshal
from typing import Any

import pytest
from highball_worker.check import Checker
from highball_worker.clauses import RULES
from highball_worker.probes import PROBES
from wsgi_gallery import CLEAN, PLAIN, App, simple_app

CONFIG = {
    "environ": {},
    "version": "0",
    "threads": 1,
    "queue_time_header": False,
    "app_static": "",
    "deploy_checks": False,
    "multiprocess": False,
    "script_name": "",
    "request_timeout_ms": 0,
}


def check(app: App, *middleware: App, **config: Any) -> list[dict[str, Any]]:
    """The findings; the last of middleware is the outermost."""
    events: list[dict[str, Any]] = []
    checker = Checker(lambda event: events.append(marshal.loads(marshal.dumps(event, 2))))
    served = checker.around(app, "the application")
    for factory in middleware:
        served = checker.around(factory(served), factory.__name__)
    checker.run(served, {**CONFIG, **config})
    assert events[-1]["event"] == "end"
    assert sum(event["event"] == "probe" for event in events) == len(PROBES)
    found = {event["id"]: event for event in events if event["event"] == "finding"}
    return [found[number] for number in sorted(found)]


def rules(findings: list[dict[str, Any]], level: str = "break") -> set[str]:
    return {finding["rule"] for finding in findings if finding["level"] == level}


@pytest.mark.parametrize(("app", "middleware"), CLEAN)
def test_clean(app: App, middleware: list[App]) -> None:
    assert check(app, *middleware) == []
    assert check(app, *middleware, script_name="/shop") == []


def test_flask() -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop")

    @app.route("/", methods=["GET", "POST"])
    def index() -> Any:
        form = flask.request.form
        return flask.Response(text for text in ("Hello ", form.get("name", "you")))

    assert check(app) == []


def line(app: App, offset: int) -> str:
    return f"test_check.py:{app.__code__.co_firstlineno + offset}"


def starting(status: Any = "200 OK", headers: Any = PLAIN, body: Any = (b"x",)) -> App:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return body

    return app


@pytest.mark.parametrize(
    ("rule", "app"),
    [
        ("status", starting("200")),
        ("status", starting("200OK")),
        ("status", starting(200)),
        ("headers", starting(headers=tuple(PLAIN))),
        ("headers", starting(headers=[["Content-Type", "text/plain"]])),
        ("headers", starting(headers=[("Content Type", "text/plain")])),
        ("headers", starting(headers=[*PLAIN, ("X-A", "a\r\nSet-Cookie: b")])),
        ("headers", starting(headers=[*PLAIN, ("X-A", 1)])),
        ("latin1", starting(headers=[*PLAIN, ("X-A", "€")])),
        ("hop-by-hop", starting(headers=[*PLAIN, ("Connection", "close")])),
        ("length", starting(headers=[*PLAIN, ("Content-Length", "two")])),
        ("length", starting(headers=[*PLAIN, ("Content-Length", "1"), ("content-length", "2")])),
        ("too-long", starting(headers=[*PLAIN, ("Content-Length", "0")])),
        ("too-short", starting(headers=[*PLAIN, ("Content-Length", "2")])),
        ("bytes", starting(body=["text"])),
        ("bytes", starting(body="text")),
        ("bytes", starting(body=b"text")),
        ("bytes", starting(body=[bytearray(b"x")])),
        ("iterable", starting(body=None)),
        ("iterable", starting(body=7)),
        ("no-body", starting("304 Not Modified", [])),
    ],
)
def test_start_response_and_body(rule: str, app: App) -> None:
    found = check(app)
    assert rules(found) == {rule}
    assert (
        found[0]["where"].startswith("test_check.py:")
        or "tests/test_check.py:" in found[0]["where"]
    )


def test_where_and_what_to_do() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        yield b"good"
        yield "bad"

    (found,) = check(app)
    assert found["where"].endswith(line(app, 3) + " in app")
    assert found["clause"] == 81
    assert found["problem"] == "the body has a str, 'bad', not bytes"
    assert "encode" in found["advice"]
    assert "GET /" in found["probes"]


def test_never_starts() -> None:
    (found,) = check(lambda environ, start_response: [])
    assert found["rule"] == "start-before-body"
    assert found["problem"] == "start_response is not called at all"


def test_starts_late() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        yield b"early"
        start_response("200 OK", list(PLAIN))

    (found,) = check(app)
    assert (found["rule"], found["where"].endswith(line(app, 1) + " in app")) == (
        "start-before-body",
        True,
    )


def test_starts_twice() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        start_response("200 OK", list(PLAIN))
        return []

    (found,) = check(app)
    assert (found["rule"], found["clause"]) == ("start-twice", 54)
    assert found["where"].endswith(line(app, 2) + " in app")


def test_start_response_by_keywords() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status="200 OK", headers=list(PLAIN))
        return []

    assert rules(check(app)) == {"start-arguments"}


def test_write_of_text() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))("text")
        return []

    assert rules(check(app)) == {"bytes"}


def test_exception() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    found = check(app)
    assert rules(found) == {"exception"}
    assert found[0]["problem"] == "an exception is not handled: KeyError: 'CONTENT_LENGTH'"
    assert found[0]["where"].endswith(line(app, 2) + " in app")
    assert found[0]["traceback"].splitlines()[-1] == "KeyError: 'CONTENT_LENGTH'"
    assert "highball_worker" not in found[0]["traceback"]
    assert not any("POST / with a form" in finding["probes"] for finding in found)


def test_exception_is_the_innermost_layers() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise OSError("disk")

    def mw(inner: App) -> App:
        return lambda environ, start_response: inner(environ, start_response)

    (found,) = check(app, mw)
    assert found["layer"] == "the application"


def test_exception_in_the_body() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        yield b"x"
        raise SystemExit(3)

    assert rules(check(app)) == {"exception-late"}


def test_exception_in_close() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        try:
            yield b"x"
            yield b"y"
        finally:
            yield b"z"

    assert "exception-close" in rules(check(app))


def test_reads_beyond_the_body() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        while environ["wsgi.input"].read(8192):
            pass
        return simple_app(environ, start_response)

    (found,) = check(app)
    assert (found["rule"], found["clause"]) == ("over-read", 42)
    assert found["where"].endswith(line(app, 1) + " in app")
    assert "POST / of unknown length" not in found["probes"]


@pytest.mark.parametrize("use", ["input.close", "input.tell", "errors.close"])
def test_other_methods_of_streams(use: str) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        stream, method = use.split(".")
        getattr(environ["wsgi." + stream], method, lambda: None)()
        return simple_app(environ, start_response)

    expected = set() if use == "input.tell" else {"stream-methods"}  # asked for, not relied on
    assert rules(check(app)) - {"exception"} == expected


def test_bytes_to_errors() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        try:
            environ["wsgi.errors"].write(b"x")
        except TypeError:
            pass
        return simple_app(environ, start_response)

    assert rules(check(app)) == {"errors-str"}


def test_one_iterable_for_all_calls() -> None:
    blocks = iter([b"x"] * 3)

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        return blocks

    blocks = iter([b"x", b"x"])  # for both ways of the first probe
    assert rules(check(app)) == set()  # nothing left for the second probe
    first = [True]

    def once(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        first[0] = not first[0]
        return [] if first[0] else [b"x"]

    assert "again" in rules(check(once))


def test_content_type_is_a_note() -> None:
    found = check(starting(headers=[]))
    assert rules(found) == set()
    assert rules(found, "note") == {"content-type"}


def test_left_out_variables_are_a_note() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        environ["QUERY_STRING"].encode()
        return simple_app(environ, start_response)

    found = check(app)
    assert (rules(found), rules(found, "note")) == (set(), {"optional-keys"})


def test_server_errors_are_a_note() -> None:
    found = check(starting("503 Service Unavailable"))
    assert (rules(found), rules(found, "note")) == (set(), {"server-error"})
    assert len(found[0]["probes"]) == len(PROBES)


def test_environ_that_is_emptied() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        environ.clear()
        return simple_app(environ, start_response)

    assert check(app) == []


def middleware_of(call: Any) -> App:
    def bad_middleware(app: App) -> App:
        return lambda environ, start_response: call(app, environ, start_response)

    return bad_middleware


def generated(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", list(PLAIN))
    yield b"x"


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        ("close", lambda app, env, start: list(app(env, start))),
        ("arguments", lambda app, env, start: app(environ=env, start_response=start)),
        ("environ-dict", lambda app, env, start: app(type("E", (dict,), {})(env), start)),
        ("environ-keys", lambda app, env, start: app({**env, "HTTP_X_SIZE": 1}, start)),
        ("environ-keys", lambda app, env, start: app({**env, "HTTP_CONTENT_TYPE": "a"}, start)),
        ("environ-latin1", lambda app, env, start: app({**env, "PATH_INFO": "/€"}, start)),
        ("headers", lambda app, env, start: app(env, lambda s, h: start(s, [*h, ("A B", "")]))),
    ],
)
def test_middleware(rule: str, call: Any) -> None:
    found = check(generated, middleware_of(call))
    assert rules(found) == {rule}
    assert {finding["layer"] for finding in found} == {"bad_middleware"}


def test_endless_body_is_left() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(PLAIN))
        while True:
            yield b"tick"

    assert check(app) == []


def test_every_rule_is_tested() -> None:
    source = importlib.import_module(__name__).__file__
    assert source is not None
    with open(source, encoding="utf-8") as file:
        text = file.read()
    others = {"hang", "after-close", "validate"}  # the first one by cmd/highball's scripts
    assert {rule for rule in RULES if f'"{rule}"' not in text} <= others
