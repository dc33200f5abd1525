"""Applications for the tests of check and trace: clean ones, and one for each break."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import demo_app

App = Callable[..., Any]
PLAIN = [("Content-Type", "text/plain")]


def simple_app(environ: dict[str, Any], start_response: App) -> list[bytes]:
    status = "200 OK"
    headers = [("Content-type", "text/plain; charset=utf-8")]
    start_response(status, headers)
    return [b"Hello, World!"]


def simple_middleware(app: App) -> App:
    def wrapped_app(environ: dict[str, Any], start_response: App) -> Any:
        return app(environ, start_response)

    return wrapped_app


class ClassApp:
    """The PEP's own: the class is the application, its instance the body."""

    def __init__(self, environ: dict[str, Any], start_response: App) -> None:
        self.start = start_response

    def __iter__(self) -> Iterator[bytes]:
        self.start("200 OK", list(PLAIN))
        yield b"Hello "
        yield b"world!\n"


class Instance:
    def __call__(self, environ: dict[str, Any], start_response: App) -> Any:
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: dict[str, Any], start_response: App) -> Iterator[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
        start_response("200 OK", [*PLAIN, ("Content-Length", str(size + 1))])
        yield b""
        yield b"." + body


def writes(environ: dict[str, Any], start_response: App) -> list[bytes]:
    write = start_response("200 OK", list(PLAIN))
    write(b"one\n")
    return [b"two\n"]


def nothing(environ: dict[str, Any], start_response: App) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def reports_error(environ: dict[str, Any], start_response: App) -> Iterator[bytes]:
    start_response("200 OK", list(PLAIN))
    try:
        raise ValueError("no")
    except ValueError:
        start_response("400 Bad Request", list(PLAIN), sys.exc_info())
    yield b"sorry"


class Upper:
    """A middleware that streams, and closes what it was given."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: App) -> Iterator[bytes]:
        environ["upper.was"] = "here"
        result = self.app(environ, self._starting(start_response))
        try:
            for block in result:
                yield block.upper()
        finally:
            if hasattr(result, "close"):
                result.close()

    def _starting(self, start_response: App) -> App:
        def starting(status: str, headers: list[Any], exc_info: Any = None) -> App:
            write: App = start_response(status, [*headers, ("X-Upper", "1")], exc_info)
            return lambda data: write(data.upper())

        return starting


CLEAN: list[tuple[App, list[App]]] = [
    (simple_app, []),
    (simple_app, [simple_middleware]),
    (ClassApp, []),
    (ClassApp, [Upper, simple_middleware]),
    (Instance(), []),
    (Instance(), [Upper]),
    (writes, []),
    (nothing, []),
    (reports_error, []),
    (demo_app, []),
]
