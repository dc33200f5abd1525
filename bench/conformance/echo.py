"""Tells the recorder at $CONFORMANCE_RECORDER what a request looks like from here."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterable
from typing import Any, Callable

FIELDS = ("CONTENT_TYPE",)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    host, port = os.environ["CONFORMANCE_RECORDER"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as recorder:
        tell(recorder, head(environ))
        # A body that cannot be read raises here, and is never told: the server answers.
        tell(recorder, {"body": packed(environ["wsgi.input"].read())})
    start_response("200 OK", [("Content-Length", "0"), ("Conformance", "seen")])
    return []


def head(environ: dict[str, Any]) -> dict[str, object]:
    fields = [name for name in environ if name.startswith("HTTP_") or name in FIELDS]
    return {
        "client": environ["REMOTE_ADDR"],
        "method": packed(text(environ["REQUEST_METHOD"])),
        "path": packed(text(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))),
        "query": packed(text(environ.get("QUERY_STRING", ""))),
        "fields": [[packed(text(name)), packed(text(environ[name]))] for name in fields],
    }


def text(value: str) -> bytes:
    """The bytes that a native string stands for (PEP 3333, "A Note on String Types")."""
    return value.encode("latin-1", "backslashreplace")


def packed(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def tell(recorder: socket.socket, what: dict[str, object]) -> None:
    recorder.sendall(json.dumps(what).encode("ascii") + b"\n")
    recorder.recv(1)  # it has been taken down
