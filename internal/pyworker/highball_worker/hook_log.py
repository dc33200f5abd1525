"""The log that hooks are given: gunicorn's methods, into Highball's log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any, Callable

from .failure import describe

# By the numbers of logging.
_LEVELS = ((40, "error"), (30, "warning"), (20, "info"))


class Outlet:
    """Where the lines go, which changes with the process: a fork takes the log along."""

    def __init__(self, sink: Callable[[str, str], None]) -> None:
        self.sink = sink

    def put(self, level: str, text: str) -> None:
        self.sink(level, text)


class Log:
    """Writes to the outlet; so do the loggers gunicorn.error and gunicorn.access."""

    def __init__(self, outlet: Outlet, cfg: Any = None) -> None:
        self.outlet = outlet
        self.cfg = cfg
        self.loglevel = getattr(logging, str(cfg.loglevel).upper(), 20) if cfg else logging.DEBUG
        self.error_log = _logger("gunicorn.error", outlet, self.loglevel)
        self.access_log = _logger("gunicorn.access", outlet, logging.INFO)

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

    def log(self, level: Any, message: Any, *args: Any, **options: Any) -> None:
        """level: a number of logging's, or its name."""
        if isinstance(level, str):
            level = logging.getLevelName(level.upper())
        number = level if isinstance(level, int) else logging.INFO
        self._write(_name(number), message, args, options)

    warn = warning
    fatal = critical

    # What gunicorn's has beside that, and nobody needs here.

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg

    def reopen_files(self) -> None:
        pass

    def close_on_exec(self) -> None:
        pass

    def _write(self, level: str, message: Any, args: tuple[Any, ...], options: Any) -> None:
        exc = _exception(options.get("exc_info"))
        text = _formatted(str(message), args)
        self.outlet.put(level, text if exc is None else text + "\n" + describe(exc))


class _Handler(logging.Handler):
    """Of the loggers that applications know by gunicorn's names."""

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self.outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)  # with the traceback, if there is one
        except Exception:
            text = "%s %r" % (record.msg, record.args)
        self.outlet.put(_name(record.levelno), text)


def _logger(name: str, outlet: Outlet, level: int) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(level)
    logger.handlers = [_Handler(outlet)]
    return logger


def let_go() -> None:
    """Leaves the loggers that gunicorn has to another log than ours."""
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = [h for h in logger.handlers if not isinstance(h, _Handler)]


def _name(number: int) -> str:
    return next((name for least, name in _LEVELS if number >= least), "debug")


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
