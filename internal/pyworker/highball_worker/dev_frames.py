"""An exception as the pages of development show it: its frames with source and variables."""

from __future__ import annotations

import itertools
import linecache
import os
from types import CodeType, TracebackType
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
    marked: tuple[int, int] = (0, 0)  # from which column to which it is about; alike: all of it


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
    frames = [_frame(trace) for trace in walked[: _MOST // 2]]
    frames += [_frame(trace) for trace in walked[len(frames) :][-(_MOST // 2) :]]
    if isinstance(exc, SyntaxError) and exc.filename and exc.lineno:
        frames.append(_place(exc.filename, exc.lineno, _columns_of(exc)))
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


def _walk(trace: TracebackType | None) -> list[TracebackType]:
    """Without our own frames, and those of the import system."""
    found = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith((_OURS, "<frozen importlib")):
            found.append(trace)
        trace = trace.tb_next
    return found


def _frame(trace: TracebackType) -> Frame:
    frame, line = trace.tb_frame, trace.tb_lineno
    code = frame.f_code
    linecache.lazycache(code.co_filename, frame.f_globals)
    module = code.co_name == "<module>"
    return Frame(
        code.co_filename,
        where.short(code.co_filename),
        line,
        getattr(code, "co_qualname", code.co_name),
        _is_own(code.co_filename),
        _source(code.co_filename, line, _columns(code, trace.tb_lasti, line)),
        variables(frame.f_locals, module),
    )


def _place(file: str, line: int, columns: tuple[int, int]) -> Frame:
    """Where source does not compile: no frame."""
    return Frame(file, where.short(file), line, "", True, _source(file, line, columns), [])


def _source(file: str, line: int, columns: tuple[int, int]) -> list[Line]:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    first = max(1, line - _AROUND)
    return [
        Line(
            number,
            lines[number - 1].rstrip("\r\n"),
            number == line,
            columns if number == line else (0, 0),
        )
        for number in range(first, min(len(lines), line + _AROUND) + 1)
    ]


def _columns(code: CodeType, instruction: int, line: int) -> tuple[int, int]:
    """What of its line a frame is in, where CPython tells (3.11 and newer)."""
    positions = getattr(code, "co_positions", None)
    if positions is None or instruction < 0:
        return (0, 0)
    found = next(itertools.islice(positions(), instruction // 2, None), (None,) * 4)
    start, end, left, right = found
    if start != line or end != line or left is None or right is None:
        return (0, 0)
    text = linecache.getline(code.co_filename, line).encode("utf-8", "replace")
    return len(text[:left].decode("utf-8", "replace")), len(text[:right].decode("utf-8", "replace"))


def _columns_of(exc: SyntaxError) -> tuple[int, int]:
    if not exc.offset:
        return (0, 0)
    end = getattr(exc, "end_offset", None) or 0
    if getattr(exc, "end_lineno", exc.lineno) != exc.lineno or end <= exc.offset:
        end = exc.offset + 1
    return exc.offset - 1, end - 1


def _is_own(file: str) -> bool:
    return not (file.startswith("<") or where.is_library(os.path.abspath(file)))
