"""wsgiref.validate around an application, in line with PEP 3333 where it is not.

The validator refuses read() without a size, which PEP 3333 allows ("Input and
Error Streams", note 1) and Werkzeug uses for every form, and the Content-Type of a 204 or
304, which Flask and Django send. All else is the validator's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.validate import validator


class _Input:
    """The validator's input, whose read() may be called without a size."""

    def __init__(self, checked: Any) -> None:
        self._checked = checked

    def read(self, *size: int) -> Any:
        return self._checked.read(*(size or (-1,)))

    def readline(self, *size: int) -> Any:
        return self._checked.readline(*size)

    def readlines(self, *hint: int) -> Any:
        return self._checked.readlines(*hint)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._checked)

    def close(self) -> None:
        self._checked.close()  # refused by the validator


class _Head:
    """One call of start_response, as the application made it."""

    def __init__(self, start_response: Any) -> None:
        self._start_response = start_response
        self._headers: Any = None

    def given(self, status: Any, headers: Any) -> Any:
        """What the validator is to see: a 204 or 304 may say its type (RFC 9110 8.3, 15.3.5)."""
        self._headers = headers
        if type(headers) is list and isinstance(status, str) and status[:3] in ("204", "304"):
            return [item for item in headers if not _is_content_type(item)]
        return headers

    def start(self, status: Any, headers: Any, exc_info: Any = None) -> Any:
        """What the validator calls in place of the server's."""
        if exc_info is None:
            return self._start_response(status, self._headers)
        return self._start_response(status, self._headers, exc_info)


def _is_content_type(item: Any) -> bool:
    return isinstance(item, tuple) and bool(item) and str(item[0]).lower() == "content-type"


def validated(application: Callable[..., Any]) -> Callable[..., Any]:
    """Checks both sides of PEP 3333 around the application."""

    def outer(environ: dict[str, Any], start_response: Any) -> Any:
        head = _Head(start_response)

        def inner(environ: dict[str, Any], checked_start: Any) -> Any:
            environ["wsgi.input"] = _Input(environ["wsgi.input"])

            def start(status: Any, headers: Any, /, *more: Any) -> Any:
                return checked_start(status, head.given(status, headers), *more)

            return application(environ, start)

        return validator(inner)(environ, head.start)

    return outer
