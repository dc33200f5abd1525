"""Changes its mind by exc_info, before anything of a body; ?after=empty yields b"" first."""

import sys

from support import query


def application(environ, start_response):
    start_response("200 OK", [("X-First", "1"), ("Content-Type", "text/html"), ("Content-Length", "3")])
    if "after" in query(environ):
        yield b""
    try:
        raise ValueError("replaced")
    except ValueError:
        start_response("503 Later", [("X-Second", "2"), ("Content-Type", "text/plain")], sys.exc_info())
    yield b"instead"
