"""Exceptions of the application as text for the log."""

import traceback
from types import TracebackType
from typing import Optional

from . import wire

_OURS = "<highball>/"


def describe(exc: BaseException) -> str:
    """The traceback, without the lines of ours that stand above the application's."""
    try:
        shown = traceback.format_exception(type(exc), exc, _below_ours(exc.__traceback__))
        return wire.text("".join(shown).rstrip("\n"))
    except Exception as second:  # an exception whose __str__ raises, say
        return "%s (its traceback could not be formatted: %s)" % (type(exc), type(second))


def _below_ours(tb: Optional[TracebackType]) -> Optional[TracebackType]:
    first = tb
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb or first
