"""An exception as the pages of development show it: its frames with source and variables."""

from __future__ import annotations

import linecache
import os
import traceback
from types import FrameType, TracebackType
from typing import NamedTuple

from . import where
from .dev_values import variables

_AROUND = 5  # lines shown before and after the one that counts
_MOST = 60  # frames: a recursion has a thousand

_OURS = "<highball>/"


class Line(NamedTuple):
    number: int
    text: str
    current: bool


class Frame(NamedTuple):
    file: str
    short: str  # the file, as people name it
    line: int
    function: str
    own: bool  # the application's, and no library's
    source: list[Line]
    variables: list[tuple[str, str]]


class Raised(NamedTuple):
    """One exception of a chain."""

    kind: str
    message: str
    link: str  # how it led to the one shown before it; "" for the first
    frames: list[Frame]
    left: int  # frames that are not shown


def chain(exc: BaseException) -> list[Raised]:
    """The exception, and then those that led to it."""
    found: list[Raised] = []
    seen: set[int] = set()
    link = ""
    following: BaseException | None = exc
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        found.append(_raised(following, link))
        if following.__cause__ is not None:
            following, link = following.__cause__, "It was raised from this one:"
        elif following.__context__ is not None and not following.__suppress_context__:
            following, link = following.__context__, "It happened while this one was handled:"
        else:
            following = None
    return found


def _raised(exc: BaseException, link: str) -> Raised:
    walked = _walk(exc.__traceback__)
    left = max(0, len(walked) - _MOST)
    frames = [_frame(frame, line) for frame, line in walked[: _MOST // 2]]
    frames += [_frame(frame, line) for frame, line in walked[len(frames) :][-(_MOST // 2) :]]
    if isinstance(exc, SyntaxError) and exc.filename and exc.lineno:
        frames.append(_place(exc.filename, exc.lineno))
    kind = type(exc).__qualname__
    if type(exc).__module__ not in ("builtins", "__main__"):
        kind = f"{type(exc).__module__}.{kind}"
    return Raised(kind, _message(exc), link, frames, left)


def _message(exc: BaseException) -> str:
    try:
        if isinstance(exc, SyntaxError):
            return str(exc.msg)
        return str(exc)
    except Exception as second:
        return f"(its text cannot be shown: {type(second).__name__})"


def _walk(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """Without our own frames, and those of the import system."""
    return [
        (frame, line)
        for frame, line in traceback.walk_tb(trace)
        if not frame.f_code.co_filename.startswith((_OURS, "<frozen importlib"))
    ]


def _frame(frame: FrameType, line: int) -> Frame:
    code = frame.f_code
    linecache.lazycache(code.co_filename, frame.f_globals)
    module = code.co_name == "<module>"
    return Frame(
        code.co_filename,
        where.short(code.co_filename),
        line,
        getattr(code, "co_qualname", code.co_name),
        _is_own(code.co_filename),
        _source(code.co_filename, line),
        variables(frame.f_locals, module),
    )


def _place(file: str, line: int) -> Frame:
    """Where source does not compile: no frame."""
    return Frame(file, where.short(file), line, "", True, _source(file, line), [])


def _source(file: str, line: int) -> list[Line]:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    first = max(1, line - _AROUND)
    return [
        Line(number, lines[number - 1].rstrip("\r\n"), number == line)
        for number in range(first, min(len(lines), line + _AROUND) + 1)
    ]


def _is_own(file: str) -> bool:
    return not (file.startswith("<") or where.is_library(os.path.abspath(file)))
