"""gunicorn.glogging.Logger as config files derive classes from it, where gunicorn is not installed.

Names, arguments and formats are gunicorn's: they are what such classes rely on.
"""

from __future__ import annotations

import base64
import json
import logging
import logging.config
import os
import sys
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from .gunicorn_syslog import syslog_handler

ERROR_LOG, ACCESS_LOG = "gunicorn.error", "gunicorn.access"


def _to(stream: str) -> dict[str, str]:
    kind = "logging.StreamHandler"
    return {"class": kind, "formatter": "generic", "stream": "ext://sys." + stream}


def _logger(name: str, handler: str) -> dict[str, Any]:
    return {"level": "INFO", "handlers": [handler], "propagate": True, "qualname": name}


# What logconfig_dict and logconfig_json are laid over.
CONFIG_DEFAULTS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        ERROR_LOG: _logger(ERROR_LOG, "error_console"),
        ACCESS_LOG: _logger(ACCESS_LOG, "console"),
    },
    "handlers": {"console": _to("stdout"), "error_console": _to("stderr")},
    "formatters": {
        "generic": {
            "class": "logging.Formatter",
            "format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
            "datefmt": "[%Y-%m-%d %H:%M:%S %z]",
        }
    },
}


class SafeAtoms(dict):  # type: ignore[type-arg]
    """Atoms for the % operator: what is not there is "-", names of fields have no case."""

    def __init__(self, atoms: dict[str, Any]) -> None:
        quoted = {k: v.replace('"', '\\"') if isinstance(v, str) else v for k, v in atoms.items()}
        super().__init__(quoted)

    def __getitem__(self, name: str) -> Any:
        return self.get(name.lower() if name.startswith("{") else name, "-")


class Logger:
    """Two loggers of logging's, for errors and for requests, set up by cfg."""

    LOG_LEVELS = {
        "critical": logging.CRITICAL, "error": logging.ERROR, "warning": logging.WARNING,
        "info": logging.INFO, "debug": logging.DEBUG,
    }  # fmt: skip
    loglevel = logging.INFO
    error_fmt = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
    datefmt = "[%Y-%m-%d %H:%M:%S %z]"
    access_fmt = "%(message)s"
    syslog_fmt = "[%(process)d] %(message)s"
    atoms_wrapper_class = SafeAtoms

    def __init__(self, cfg: Any) -> None:
        self.error_log = logging.getLogger(ERROR_LOG)
        self.access_log = logging.getLogger(ACCESS_LOG)
        self.error_log.propagate = self.access_log.propagate = False
        self.error_handlers: list[logging.Handler] = []
        self.access_handlers: list[logging.Handler] = []
        self.logfile = None
        self.lock = threading.Lock()
        self.setup(cfg)

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = self.LOG_LEVELS.get(str(cfg.loglevel).lower(), logging.INFO)
        self.error_log.setLevel(self.loglevel)
        self.access_log.setLevel(logging.INFO)
        self._set_handler(
            self.error_log, cfg.errorlog, logging.Formatter(self.error_fmt, self.datefmt)
        )
        access = logging.Formatter(self.access_fmt)
        self._set_handler(self.access_log, cfg.accesslog, access, sys.stdout)
        if cfg.syslog:
            self._add(self.error_log, syslog_handler(cfg, self.syslog_fmt, "error"))
            if not cfg.disable_redirect_access_to_syslog:
                self._add(self.access_log, syslog_handler(cfg, self.syslog_fmt, "access"))
        self._configure(cfg)

    def _configure(self, cfg: Any) -> None:
        if cfg.logconfig_dict:
            _configure(cfg.logconfig_dict)
        elif cfg.logconfig_json:
            with open(cfg.logconfig_json) as file:
                _configure(json.load(file))
        elif cfg.logconfig:
            where = {"__file__": cfg.logconfig, "here": os.path.dirname(cfg.logconfig)}
            logging.config.fileConfig(cfg.logconfig, where, disable_existing_loggers=False)

    # gunicorn.error.

    def critical(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.critical(msg, *args, **kwargs)

    def error(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.error(msg, *args, **kwargs)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.warning(msg, *args, **kwargs)

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.info(msg, *args, **kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.debug(msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.exception(msg, *args, **kwargs)

    def log(self, lvl: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(lvl, str):
            lvl = self.LOG_LEVELS.get(lvl.lower(), logging.INFO)
        self.error_log.log(lvl, msg, *args, **kwargs)

    # gunicorn.access.

    @property
    def access_log_enabled(self) -> bool:
        cfg = self.cfg
        syslog = cfg.syslog and not cfg.disable_redirect_access_to_syslog
        configured = cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json
        return bool(cfg.accesslog or configured or syslog)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Writes the line of one request."""
        if self.access_log_enabled:
            atoms = self.atoms_wrapper_class(self.atoms(resp, req, environ, request_time))
            self.access_log.info(self.cfg.access_log_format, atoms)

    def atoms(
        self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta
    ) -> dict[str, Any]:
        """What an access_log_format may name, by name."""
        micros = request_time // timedelta(microseconds=1)
        sent = getattr(resp, "sent", None)
        method, protocol = environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"]
        atoms = {
            "h": environ.get("REMOTE_ADDR", "-"), "l": "-", "u": self._get_user(environ) or "-",
            "t": self.now(), "r": f"{method} {environ['RAW_URI']} {protocol}",
            "s": str(resp.status).partition(" ")[0],
            "m": method, "U": environ.get("PATH_INFO"), "q": environ.get("QUERY_STRING"),
            "H": protocol, "b": "-" if sent is None else str(sent), "B": sent,
            "f": environ.get("HTTP_REFERER", "-"), "a": environ.get("HTTP_USER_AGENT", "-"),
            "T": micros // 1000000, "D": micros, "M": micros // 1000,
            "L": f"{micros // 1000000}.{micros % 1000000:06d}", "p": f"<{os.getpid()}>",
        }  # fmt: skip
        for kind, items in (
            ("i", _items(getattr(req, "headers", req))),
            ("o", _items(resp.headers)),
            ("e", environ.items()),
        ):
            atoms.update({"{%s}%s" % (name.lower(), kind): value for name, value in items})
        return atoms

    def now(self) -> str:
        return time.strftime("[%d/%b/%Y:%H:%M:%S %z]")

    def _get_user(self, environ: dict[str, Any]) -> str | None:
        kind, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            decoded = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
        except ValueError:
            return None
        return decoded.partition(":")[0]

    # Handlers.

    def reopen_files(self) -> None:
        for handler in _file_handlers():
            with handler.lock:  # type: ignore[union-attr]
                handler.close()  # the next line opens it again

    def close_on_exec(self) -> None:
        """Python's files are."""

    def _get_gunicorn_handler(self, log: logging.Logger) -> logging.Handler | None:
        return next((h for h in log.handlers if getattr(h, "_gunicorn", False)), None)

    def _set_handler(
        self, log: logging.Logger, output: str | None, fmt: logging.Formatter, stream: Any = None
    ) -> None:
        for handler in list(log.handlers):
            if getattr(handler, "_gunicorn", False):
                log.removeHandler(handler)
                handler.close()
        if output is None:
            return
        made = logging.StreamHandler(stream) if output == "-" else logging.FileHandler(output)
        made.setFormatter(fmt)
        self._add(log, made)

    def _add(self, log: logging.Logger, handler: logging.Handler) -> None:
        handler._gunicorn = True  # type: ignore[attr-defined]
        log.addHandler(handler)


def _configure(given: dict[str, Any]) -> None:
    whole: Any = {**CONFIG_DEFAULTS, **given}
    logging.config.dictConfig(whole)


def _items(fields: Any) -> Iterable[tuple[str, Any]]:
    return fields.items() if hasattr(fields, "items") else fields  # type: ignore[no-any-return]


def _file_handlers() -> list[logging.FileHandler]:
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    return [
        handler
        for logger in [logging.root, *loggers]
        for handler in logger.handlers
        if isinstance(handler, logging.FileHandler)
    ]
