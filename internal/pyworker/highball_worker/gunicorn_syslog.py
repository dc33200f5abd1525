"""syslog for the loggers of gunicorn_logger: cfg.syslog and the settings beside it."""

from __future__ import annotations

import logging
import socket
from typing import Any


def syslog_handler(cfg: Any, form: str, name: str) -> logging.Handler:
    from logging.handlers import SysLogHandler

    facility = SysLogHandler.facility_names.get(str(cfg.syslog_facility).lower())
    if facility is None:
        raise RuntimeError(f"syslog_facility: there is no {cfg.syslog_facility!r}")
    kind, address = _address(cfg.syslog_addr)
    handler = SysLogHandler(address=address, facility=facility, socktype=kind)
    prefix = cfg.syslog_prefix or cfg.proc_name.replace(":", ".")
    handler.setFormatter(logging.Formatter(f"gunicorn.{prefix}.{name} {form}"))
    return handler


def _address(text: str) -> tuple[Any, Any]:
    """unix://PATH[#dgram|#stream], udp://HOST[:PORT] or tcp://HOST[:PORT]."""
    kinds = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    scheme, _, rest = text.partition("://")
    if scheme == "unix":
        path, _, kind = rest.partition("#")
        return (socket.SOCK_DGRAM if kind == "dgram" else None), path
    if scheme not in kinds:
        raise RuntimeError(f"syslog_addr: {text!r} is none of unix://, udp://, tcp://")
    host, colon, port = rest.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = rest, "514"
    if not port.isdigit():
        raise RuntimeError(f"syslog_addr: {port!r} is not a port")
    return kinds[scheme], (host.strip("[]").lower() or "localhost", int(port))
