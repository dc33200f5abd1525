"""The log that hooks are given: the methods of logging.Logger, into Highball's log."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Callable

from .failure import describe

# Takes a level (debug, info, warning, error) and a text.
Sink = Callable[[str, str], None]

# By the numbers of logging.
_LEVELS = ((40, "error"), (30, "warning"), (20, "info"))


class Log:
    """Writes to sink, which changes with the process: a fork takes the log along."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    def debug(self, message: Any, *args: Any, **options: Any) -> None:
        self._write("debug", message, args, options)

    def info(self, message: Any, *args: Any, **options: Any) -> None:
        self._write("info", message, args, options)

    def warning(self, message: Any, *args: Any, **options: Any) -> None:
        self._write("warning", message, args, options)

    def error(self, message: Any, *args: Any, **options: Any) -> None:
        self._write("error", message, args, options)

    def exception(self, message: Any, *args: Any, **options: Any) -> None:
        """As error(), with the traceback of the exception that is handled."""
        self._write("error", message, args, {"exc_info": True, **options})

    def critical(self, message: Any, *args: Any, **options: Any) -> None:
        """As error(): Highball's log has nothing above it."""
        self._write("error", message, args, options)

    def log(self, level: int, message: Any, *args: Any, **options: Any) -> None:
        name = next((name for least, name in _LEVELS if level >= least), "debug")
        self._write(name, message, args, options)

    warn = warning
    fatal = critical

    def _write(self, level: str, message: Any, args: tuple[Any, ...], options: Any) -> None:
        exc = _exception(options.get("exc_info"))
        text = _formatted(str(message), args)
        self.sink(level, text if exc is None else text + "\n" + describe(exc))


def _formatted(text: str, args: tuple[Any, ...]) -> str:
    """As logging does it, but a mistake in the arguments is shown beside the text."""
    if not args:
        return text
    only = args[0]
    try:
        return text % (only if len(args) == 1 and isinstance(only, Mapping) and only else args)
    except Exception:
        return "%s %r" % (text, args)


def _exception(info: Any) -> BaseException | None:
    """What exc_info stands for: true, an exception, or a tuple of sys.exc_info()."""
    if not info:
        return None
    if isinstance(info, BaseException):
        return info
    if not isinstance(info, tuple):
        info = sys.exc_info()
    found = info[1]
    return found if isinstance(found, BaseException) else None
