"""wsgiref.validate around an application, in line with PEP 3333 where it is not.

The validator refuses read() without a size, which PEP 3333 allows ("Input and
Error Streams", note 1) and Werkzeug uses for every form. All else is the validator's.
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


def validated(application: Callable[..., Any]) -> Callable[..., Any]:
    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input"] = _Input(environ["wsgi.input"])
        return application(environ, start_response)

    checked: Callable[..., Any] = validator(inner)
    return checked
