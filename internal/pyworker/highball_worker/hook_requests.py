"""`req` and `resp`, as hooks and loggers are given them."""

from __future__ import annotations

import re
from typing import Any

from .hook_objects import Described
from .response import Response

_VERSION = re.compile(r"HTTP/(\d)(?:\.(\d))?\Z")


class RequestView(Described):
    """`req`: the request as it came, from what environ says of it.

    Made for each request, so that it looks only when it is asked. What the application
    changes in environ is not seen here if it was asked before.
    """

    proxy_protocol_info = None  # the front has used it: remote_addr is what it says
    must_close = False

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.uri: str = environ["RAW_URI"]
        self.query: str = environ["QUERY_STRING"]
        self.scheme: str = environ["wsgi.url_scheme"]
        self.body: Any = environ["wsgi.input"]
        self._headers: list[tuple[str, str]] | None = None

    @property
    def path(self) -> str:
        """As the client has written it: percent-encoded, with the prefix of the mount."""
        target = self.uri
        if not target.startswith("/") and "://" in target:
            target = "/" + target.partition("://")[2].partition("/")[2]
        return target.partition("?")[0].partition("#")[0]

    @property
    def fragment(self) -> str:
        return self.uri.partition("#")[2]

    @property
    def version(self) -> tuple[int, int]:
        found = _VERSION.match(self._environ["SERVER_PROTOCOL"])
        return (int(found[1]), int(found[2] or 0)) if found else (1, 1)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """(NAME, value); fields of one name are one, joined by commas, as in environ."""
        if self._headers is None:
            self._headers = list(_fields(self._environ))
        return self._headers

    @property
    def trailers(self) -> list[tuple[str, str]]:
        return []

    @property
    def peer_addr(self) -> Any:
        """(address, port) of the client; "" where there is none, on a Unix socket."""
        address = self._environ.get("REMOTE_ADDR", "")
        port = self._environ.get("REMOTE_PORT", "")
        return (address, int(port) if port.isdigit() else 0) if address else ""

    remote_addr = peer_addr

    def should_close(self) -> bool:
        """Whether the client wants its connection closed after this. The front decides."""
        wish = self._environ.get("HTTP_CONNECTION", "").lower()
        if "close" in wish:
            return True
        return "keep-alive" not in wish and self.version <= (1, 0)


def _fields(environ: dict[str, Any]) -> Any:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-"), value
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            yield key.replace("_", "-"), value


class ResponseView(Described):
    """`resp`: the response as far as it has come."""

    upgrade = False
    must_close = False

    def __init__(self, request: RequestView, response: Response) -> None:
        self.req = request
        self._response = response

    @property
    def status(self) -> str | None:
        """As "200 OK"; where the application failed before it said one, what the client gets."""
        status = self._response.status
        if not status and self._response.ended:
            return "500 Internal Server Error"
        return status or None

    @property
    def status_code(self) -> int | None:
        status = self.status
        return int(status[:3]) if status else None

    @property
    def headers(self) -> list[tuple[str, str]]:
        return list(self._response.headers)

    @property
    def headers_sent(self) -> bool:
        return self._response.started

    @property
    def sent(self) -> int:
        """Bytes of the body that the front has been given."""
        return 0 if self._response.bodyless else self._response.sent

    @property
    def response_length(self) -> int | None:
        """What Content-Length says."""
        return self._response.length

    @property
    def chunked(self) -> bool:
        return bool(self._response.status) and self.is_chunked()

    def is_chunked(self) -> bool:
        """Whether it has no length, so that HTTP/1.1 sends it in chunks."""
        bodyless = self._response.bodyless or self._response.bodyless_status()
        return self._response.length is None and not bodyless and self.req.version > (1, 0)

    def should_close(self) -> bool:
        return self.req.should_close()
