"""A WSGI server without a socket, patient with what is wrong, for `highball check`."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from .errors import ErrorStream
from .filewrapper import FileWrapper
from .findings import Findings
from .input_spy import InputSpy
from .rules import Refused
from .where import caller

# An endless response is left after so many blocks, or seconds.
_MOST_BLOCKS = 1000
_PATIENCE = 2.0


class Iterated(FileWrapper):
    """A wsgi.file_wrapper whose blocks are looked at."""


class Outcome(NamedTuple):
    """What one call came to; error is what came out of it, if anything did."""

    status: str
    size: int
    error: BaseException | None


class _Response:
    """The server's side of start_response and write()."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.size = 0

    def start(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        if kwargs or len(args) not in (2, 3):
            raise Refused("start_response takes 2 or 3 positional arguments")
        exc_info = args[2] if len(args) == 3 else None
        if exc_info:
            try:
                if self.size:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise Refused("start_response was called a second time")
        self.status = str(args[0])
        return self.write

    def write(self, data: Any, /) -> None:
        self.size += len(data)


def exchange(
    application: Callable[..., Any], environ: dict[str, Any], most: int = _MOST_BLOCKS
) -> Outcome:
    """Calls the application as a server does; leaves the body after most blocks."""
    response = _Response()
    errors = environ["wsgi.errors"]  # the application may empty environ
    error: BaseException | None = None
    result: Any = None
    try:
        result = application(environ, response.start)
        _iterate(result, response, most)
    except BaseException as exc:
        error = exc
    try:
        if hasattr(result, "close"):
            result.close()
    except BaseException as exc:
        error = error or exc
    errors.flush()
    return Outcome(response.status or "", response.size, error)


def _iterate(result: Any, response: _Response, most: int) -> None:
    until = time.monotonic() + _PATIENCE
    if most == 0:
        return
    for number, block in enumerate(result, 1):
        if isinstance(block, (bytes, str)):
            response.size += len(block)
        if number >= most or time.monotonic() > until:
            return


def streams(findings: Findings, body: bytes, strict: bool, layer: str) -> dict[str, Any]:
    """wsgi.input and the like. strict: a read beyond the body is a break."""
    left = len(body)

    def told(method: str, args: tuple[Any, ...], result: Any) -> None:
        nonlocal left
        asked = args[0] if args else None
        if strict and method == "read" and isinstance(asked, int) and asked > left:
            problem = f"wsgi.input.read({asked}) where {left} of {len(body)} bytes are left"
            findings.add("over-read", problem, caller(), layer)
        left -= sum(map(len, result)) if method == "readlines" else len(result)

    return {
        "wsgi.input": InputSpy(io.BytesIO(body), told),
        "wsgi.errors": ErrorStream(lambda line, _id: print(line, file=sys.stderr), ""),
        "wsgi.file_wrapper": Iterated,
    }
