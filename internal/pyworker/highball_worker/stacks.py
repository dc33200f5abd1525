"""Where the threads of this process are, as text."""

import faulthandler
import signal
import sys
import threading
import traceback
from types import FrameType
from typing import Any

from . import wire

_OURS = "<highball>/"
_DEEPEST = 200  # frames that are shown of a stack, the innermost


def of_all() -> list[Any]:
    """(thread's identifier, name, stack) of all threads but this one."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return [
        (ident, names.get(ident, "?"), _shown(frame, False))
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    ]


def below_ours(frame: FrameType) -> str:
    """A thread's stack, without the lines of ours that stand above the application's.

    Where there is no application, all of it.
    """
    return _shown(frame, True)


def _shown(frame: FrameType, trimmed: bool) -> str:
    try:
        stack = traceback.extract_stack(frame, _DEEPEST)
        start = 0
        ours = [entry.filename.startswith(_OURS) for entry in stack]
        if trimmed and len(stack) < _DEEPEST and True in ours:
            start = ours.index(True)
            while start < len(stack) and ours[start]:
                start += 1
        lines = traceback.format_list(stack[start:] or stack)
        return wire.text("".join(lines).rstrip("\n"))
    except Exception as exc:  # a loader of the application's that raises, say
        return "the stack could not be formatted: %s" % type(exc)


def dump_on_signal(fd: int) -> int:
    """Has a signal write the stacks of all threads to fd, whoever has the interpreter's lock.

    Returns its number, or 0 where there is none that applications leave alone.
    """
    last = getattr(signal, "SIGRTMAX", None)
    register = getattr(faulthandler, "register", None)  # PyPy has none
    if last is None or register is None:
        return 0
    try:
        register(last - 3, file=fd, all_threads=True)
    except (OSError, RuntimeError, ValueError):
        return 0
    return int(last) - 3
