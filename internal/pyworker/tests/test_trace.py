"""highball trace, the worker's part: the events of one request, layer by layer."""

from __future__ import annotations

import io
import marshal
from typing import Any

import pytest
from highball_worker import wire
from highball_worker.filewrapper import FileWrapper
from highball_worker.middleware import wrap
from highball_worker.trace import KEEP, Tracer
from wsgi_gallery import (
    CLEAN,
    PLAIN,
    App,
    ClassApp,
    Upper,
    demo_app,
    simple_app,
    simple_middleware,
)


def start(status: str, headers: Any, exc_info: Any = None, /) -> App:
    return lambda data: None


def environ(body: bytes = b"") -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def trace(app: App, *middleware: App, body: bytes = b"") -> list[dict[str, Any]]:
    """Serves one request as the worker does; the last of middleware is the outermost."""
    events: list[dict[str, Any]] = []

    def send(kind: int, event: Any) -> None:
        assert kind == wire.TRACE
        events.append(marshal.loads(wire.dumps(event)))

    tracer = Tracer()
    tracer.connect(send)
    served = tracer.around(app, "the application")
    for factory in middleware:
        served = tracer.around(factory(served), factory.__name__)
    try:
        result = served(environ(body), start)
        try:
            b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
    except ValueError:
        pass  # the tests' own
    return events


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def only(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (event,) = [event for event in events if event["event"] == kind]
    return event


def test_steps_of_a_list() -> None:
    events = trace(simple_app)
    assert kinds(events) == ["environ", "call", "start_response", "return", "block", "end"]
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    code = simple_app.__code__
    assert only(events, "call")["object"] == "simple_app"
    assert only(events, "call")["where"].endswith(f"wsgi_gallery.py:{code.co_firstlineno}")
    called = only(events, "start_response")
    assert called["status"] == "200 OK"
    assert called["headers"] == [["Content-type", "text/plain; charset=utf-8"]]
    assert called["where"].endswith(f"wsgi_gallery.py:{code.co_firstlineno + 3} in simple_app")
    assert (only(events, "return")["kind"], only(events, "return")["blocks"]) == ("list", 1)
    assert only(events, "return")["close"] is False
    assert only(events, "block")["data"] == b"Hello, World!"
    assert only(events, "end")["bytes"] == 13


def test_steps_of_a_class() -> None:
    events = trace(ClassApp)
    assert kinds(events) == [
        "environ", "call", "return", "start_response", "block", "block", "end",
    ]  # fmt: skip
    assert only(events, "call")["kind"] == "type"
    assert only(events, "return")["kind"].endswith("ClassApp")


def test_middleware_on_the_way_in_and_out() -> None:
    events = trace(ClassApp, Upper, simple_middleware)
    calls = [event for event in events if event["event"] == "call"]
    assert [event["layer"] for event in calls] == [2, 1, 0]
    assert [event["name"] for event in calls] == ["simple_middleware", "Upper", "the application"]
    assert "changes" not in calls[0]
    assert calls[1]["changes"] == []
    assert calls[2]["changes"] == [["added", "upper.was", "", "'here'"]]
    starts = [event for event in events if event["event"] == "start_response"]
    assert [event["layer"] for event in starts] == [0, 1, 2]
    assert [len(event["headers"]) for event in starts] == [1, 2, 2]
    blocks = [(event["layer"], event["data"]) for event in events if event["event"] == "block"]
    assert blocks[:3] == [(0, b"Hello "), (1, b"HELLO "), (2, b"HELLO ")]
    assert [event["layer"] for event in events if event["event"] == "close"] == [2, 1]


def test_environ_that_is_changed_and_removed() -> None:
    def middleware(app: App) -> App:
        def call(env: dict[str, Any], start_response: App) -> Any:
            inner = {**env, "PATH_INFO": "/x"}
            del inner["CONTENT_LENGTH"]
            return app(inner, start_response)

        return call

    events = trace(simple_app, middleware)
    changes = [event for event in events if event["event"] == "call"][1]["changes"]
    assert changes == [
        ["removed", "CONTENT_LENGTH", "'0'", ""],
        ["changed", "PATH_INFO", "'/'", "'/x'"],
    ]


def test_environ_has_each_entry() -> None:
    items = {key: (kind, shown) for key, kind, shown in only(trace(simple_app), "environ")["items"]}
    assert items["wsgi.version"] == ("tuple", "(1, 0)")
    assert items["REQUEST_METHOD"] == ("str", "'POST'")
    assert items.keys() == environ().keys()


def test_reads_of_the_body() -> None:
    def app(env: dict[str, Any], start_response: App) -> Any:
        env["wsgi.input"].read(2)
        list(env["wsgi.input"])
        return simple_app(env, start_response)

    reads = [event for event in trace(app, body=b"one\ntwo") if event["event"] == "read"]
    assert [(event["call"], event["data"]) for event in reads] == [
        ("read(2)", b"on"), ("iteration", b"e\n"), ("iteration", b"two"),
    ]  # fmt: skip


def test_write() -> None:
    def app(env: dict[str, Any], start_response: App) -> Any:
        start_response("200 OK", list(PLAIN))(b"x")
        return ()

    assert only(trace(app), "write")["data"] == b"x"


@pytest.mark.parametrize(("phase", "count"), [("call", 0), ("iteration", 1), ("close", 1)])
def test_exception(phase: str, count: int) -> None:
    class Body:
        def __iter__(self) -> Any:
            yield b"x"
            if phase == "iteration":
                raise ValueError("no")

        def close(self) -> None:
            if phase == "close":
                raise ValueError("no")

    def app(env: dict[str, Any], start_response: App) -> Any:
        start_response("200 OK", list(PLAIN))
        if phase == "call":
            raise ValueError("no")
        return Body()

    events = trace(app)
    raised = only(events, "exception")
    assert (raised["phase"], raised["error"]) == (phase, "ValueError: no")
    assert raised["traceback"].splitlines()[-1] == "ValueError: no"
    assert "highball_worker" not in raised["traceback"]
    assert kinds(events).count("block") == count


def test_exc_info_and_refusal() -> None:
    def app(env: dict[str, Any], start_response: App) -> Any:
        try:
            raise KeyError("inner")
        except KeyError as exc:
            start_response("500 No", list(PLAIN), (KeyError, exc, None))
        start_response()

    events: list[dict[str, Any]] = []
    with pytest.raises(TypeError):
        tracer = Tracer()
        tracer.connect(lambda kind, event: events.append(event))
        tracer.around(app, "app")(environ(), start)
    assert [event.get("exc_info") for event in events if event["event"] == "start_response"] == [
        "KeyError('inner')", "",
    ]  # fmt: skip
    assert only(events, "refused")["error"].startswith("TypeError: ")


def test_call_by_keywords_is_handed_on() -> None:
    def middleware(app: App) -> App:
        return lambda env, start_response: app(environ=env, start_response=start_response)

    assert only(trace(simple_app, middleware), "misused")["keywords"] == [
        "environ", "start_response",
    ]  # fmt: skip


def test_wrong_types_can_be_told() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    def app(env: dict[str, Any], start_response: App) -> Any:
        env["odd"] = Odd()
        start_response(7, {"a": "\ud800"})
        return ["text\ud800", 8]

    def join(inner: App) -> App:
        def call(env: dict[str, Any], start_response: App) -> list[bytes]:
            inner(env, start_response)
            return [b""]

        return call

    events = trace(app, join)
    assert [event["data"] for event in events if event["event"] == "block"][:2] == [
        "'text\\ud800'", "8",
    ]  # fmt: skip


def test_large_blocks_are_cut() -> None:
    def app(env: dict[str, Any], start_response: App) -> Any:
        start_response("200 OK", list(PLAIN))
        return [b"x" * (KEEP + 1)]

    block = only(trace(app), "block")
    assert (block["size"], len(block["data"])) == (KEEP + 1, KEEP)


def test_file_wrapper_stays_what_it_is() -> None:
    file = io.BytesIO(b"content")

    def app(env: dict[str, Any], start_response: App) -> Any:
        start_response("200 OK", list(PLAIN))
        return FileWrapper(file)

    tracer = Tracer()
    events: list[Any] = []
    tracer.connect(lambda kind, event: events.append(event))
    result = tracer.around(app, "app")(environ(), start)
    assert type(result) is FileWrapper
    result.close()
    assert file.closed
    assert events[-1]["event"] == "close"


@pytest.mark.parametrize(("app", "middleware"), CLEAN)
def test_tracing_changes_nothing(app: App, middleware: list[App]) -> None:
    """The same blocks and the same close(), traced or not."""

    def serve(served: App) -> tuple[type, bytes]:
        result = served({**environ(b"body"), "QUERY_STRING": "", "SCRIPT_NAME": ""}, start)
        body = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        return type(result) if isinstance(result, list) else object, body

    plain = app
    tracer = Tracer()
    traced = tracer.around(app, "app")
    for factory in middleware:
        plain = factory(plain)
        traced = tracer.around(factory(traced), "mw")
    if app is demo_app:
        return  # prints addresses of objects
    assert serve(traced) == serve(plain)


def test_wrap_without_a_spy_adds_nothing() -> None:
    assert wrap(simple_app, [], False) is simple_app
    seen: list[str] = []

    def around(layer: App, name: str) -> App:
        seen.append(name)
        return layer

    wrap(simple_app, ["wsgi_gallery:simple_middleware"], True, around)
    assert seen == ["the application", "wsgiref.validate", "wsgi_gallery:simple_middleware"]


def test_other_attributes_are_the_applications() -> None:
    class Named:
        title = "shop"

        def __call__(self, env: Any, start_response: Any) -> Any:
            return []

    traced: Any = Tracer().around(Named(), "app")
    assert traced.title == "shop"
    assert not hasattr(traced, "missing")
