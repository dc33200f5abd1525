"""Exceptions of the application as text for the log, and as why there is no start."""

import traceback
from types import TracebackType
from typing import Any, Optional

from . import wire
from .load_error import LoadError
from .tracebacks import trimmed_traceback

_OURS = "<highball>/"


def describe(exc: BaseException) -> str:
    """The traceback, without the lines of ours that stand above the application's."""
    try:
        shown = traceback.format_exception(type(exc), exc, below_ours(exc.__traceback__))
        return wire.text("".join(shown).rstrip("\n"))
    except Exception as second:  # an exception whose __str__ raises, say
        return "%s (its traceback could not be formatted: %s)" % (type(exc), type(second))


def reason(exc: BaseException, message: str) -> dict[str, Any]:
    """What a Failed message says: message and the traceback, unless exc says it better."""
    tried: list[str] = []
    hint = trace = ""
    if isinstance(exc, LoadError):
        message, tried, hint = exc.message, exc.tried, exc.hint or ""
    else:
        trace = trimmed_traceback(exc)
    return {
        "message": wire.text(message),
        "tried": [wire.text(item) for item in tried],
        "hint": wire.text(hint),
        "traceback": wire.text(trace),
    }


def below_ours(tb: Optional[TracebackType]) -> Optional[TracebackType]:
    """The traceback from the first frame on that is not ours."""
    first = tb
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb or first
