"""Which frames of a traceback are the user's, and a traceback of only those."""

from __future__ import annotations

import importlib
import os
import tokenize  # noqa: F401  # linecache does it late, when a user's file could come first
import traceback
from types import FrameType, TracebackType

_PACKAGE = __name__.rpartition(".")[0]
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


def trimmed_traceback(error: BaseException) -> str:
    """The traceback of error without the frames of this package and of importlib.

    Where nothing else would be left, as after a defect of our own, all frames are shown.
    """
    rendered = traceback.TracebackException(type(error), error, error.__traceback__)
    _trim(rendered, error)
    if not rendered.stack and rendered.__cause__ is None and rendered.__context__ is None:
        return "".join(rendered.format_exception_only())
    return "".join(rendered.format())


def in_user_code(trace: TracebackType | None) -> bool:
    """Whether the exception went through code that is neither ours nor importlib's."""
    return True in _kept(trace)


def user_location(trace: TracebackType | None) -> str | None:
    """ "file:line" of the innermost frame outside this package and the standard library."""
    place = None
    for (frame, line), kept in zip(traceback.walk_tb(trace), _kept(trace)):
        if kept and not _is_stdlib(frame):
            place = f"{frame.f_code.co_filename}:{line}"
    return place


def _trim(rendered: traceback.TracebackException, error: BaseException) -> None:
    chain: list[tuple[traceback.TracebackException | None, BaseException | None]]
    chain = [(rendered, error)]
    while chain:
        view, exception = chain.pop()
        if view is None or exception is None:
            continue
        kept = _kept(exception.__traceback__)
        # The lengths differ where sys.tracebacklimit has cut the stack.
        if len(kept) == len(view.stack) and (True in kept or isinstance(exception, SyntaxError)):
            view.stack[:] = [entry for entry, keep in zip(view.stack, kept) if keep]
        chain.append((view.__cause__, exception.__cause__))
        chain.append((view.__context__, exception.__context__))


def _kept(trace: TracebackType | None) -> list[bool]:
    """Per frame, whether it is the user's: it comes after our first run of frames."""
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    ours = [_is_ours(frame) for frame in frames]
    machinery = [_is_importlib(frame) for frame in frames]
    start = ours.index(True) if True in ours else 0
    while start < len(frames) and (ours[start] or machinery[start]):
        start += 1
    return [index >= start and not machinery[index] for index in range(len(frames))]


def _is_ours(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name == _PACKAGE or name.startswith(_PACKAGE + ".")


def _is_importlib(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith("<frozen importlib") or file == importlib.__file__


def _is_stdlib(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_STDLIB) and "-packages" + os.sep not in file
