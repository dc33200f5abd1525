"""Where in the user's code something happens: file, line and function."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from types import CodeType, FrameType, TracebackType
from typing import Any

_OURS = os.path.dirname(__file__)  # "<highball>/highball_worker" in a worker
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_PACKAGES = "-packages" + os.sep  # site-packages, and Debian's dist-packages
_DEPTH = 20  # of wrappers around a callable, before the search is given up


def short(path: str) -> str:
    """The path as people name it: below the current directory, or below site-packages."""
    here = os.getcwd() + os.sep
    if path.startswith(here):
        return path[len(here) :]
    _, found, rest = path.rpartition(_PACKAGES)
    return rest if found else path


def caller() -> str:
    """ "file:line in function" of the user's code that called into this package."""
    return _innermost(_outwards(sys._getframe(1)))


def raised(exc: BaseException) -> str:
    """The same for the line that raised exc, or led to it within the user's code."""
    return _innermost(list(traceback.walk_tb(exc.__traceback__))[::-1])


def suspended(iterator: Any) -> str:
    """The same for the `yield` at which a generator stands; "" for other iterators."""
    frame = getattr(iterator, "gi_frame", None)
    return _place(frame, frame.f_lineno) if isinstance(frame, FrameType) else ""


def place_of_thread(ident: int) -> str:
    """The same for where a thread is now."""
    return _innermost(_outwards(sys._current_frames().get(ident)))


def defined(target: Any) -> str:
    """ "file:line" of the function that a call of target runs; "" where it is not Python."""
    for _ in range(_DEPTH):
        code = getattr(target, "__code__", None)
        if isinstance(code, CodeType):
            return f"{short(code.co_filename)}:{code.co_firstlineno}"
        if isinstance(target, functools.partial):
            target = target.func
        elif hasattr(target, "__func__"):
            target = target.__func__
        elif isinstance(target, type):
            target = target.__init__  # type: ignore[misc]
        else:
            target = type(target).__call__
    return ""


def name(target: Any) -> str:
    """What people call a callable: `shop.views.index`, or `a Flask object`."""
    if isinstance(target, functools.partial):
        return "a functools.partial of " + name(target.func)
    own = getattr(target, "__qualname__", None)
    if isinstance(own, str):
        return own
    kind = type(target).__name__
    return f"{'an' if kind[:1].upper() in 'AEIOU' else 'a'} {kind} object"


def full_traceback(exc: BaseException) -> str:
    """The traceback without any line of this package, whose frames stand between layers."""
    rendered = traceback.TracebackException(type(exc), exc, exc.__traceback__)
    chain: list[traceback.TracebackException | None] = [rendered]
    while chain:
        view = chain.pop()
        if view is not None:
            view.stack[:] = [entry for entry in view.stack if not _is_ours(entry.filename)]
            chain += [view.__cause__, view.__context__]
    return "".join(rendered.format()).rstrip("\n")


def deepest(trace: TracebackType | None) -> tuple[str, str]:
    """File and function of the innermost frame, whosever it is."""
    frames = list(traceback.walk_tb(trace))
    if not frames:
        return "", ""
    code = frames[-1][0].f_code
    return code.co_filename, code.co_name


def is_library(file: str) -> bool:
    """Whether a file is installed, or the standard library's."""
    return _PACKAGES in file or _is_stdlib(file)


def _outwards(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    frames = []
    while frame is not None:
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    return frames


def _innermost(frames: list[tuple[FrameType, int]]) -> str:
    """The first of frames (innermost first) that is the user's, else a library's."""
    theirs = [item for item in frames if not _is_ours(item[0].f_code.co_filename)]
    for frame, line in theirs:
        file = frame.f_code.co_filename
        if not file.startswith("<") and not _is_stdlib(file):
            return _place(frame, line)
    return _place(*theirs[0]) if theirs else ""


def _place(frame: FrameType, line: int) -> str:
    return f"{short(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}"


def _is_ours(file: str) -> bool:
    return file.startswith(_OURS)


def _is_stdlib(file: str) -> bool:
    return file.startswith(_STDLIB) and _PACKAGES not in file
