"""The same with type annotations, and a response that depends on the request.

highball run typed.py:my_wsgi_app
"""

from __future__ import annotations

from typing import Any, Callable
from urllib.parse import parse_qs


def my_wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    names = parse_qs(environ["QUERY_STRING"]).get("name", ["WSGI World"])
    body = f"Hello, {names[0]}!".encode()

    status = "200 OK"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
