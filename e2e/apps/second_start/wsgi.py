"""Calls start_response twice without exc_info; with ?bad the first call raised already."""

from support import query, tell


def application(environ, start_response):
    try:
        start_response("bad" if "bad" in query(environ) else "200 OK", [("X-First", "1")])
    except ValueError:
        tell(environ, "the first call raised")
    try:
        start_response("201 Created", [("X-Second", "1")])
    except AssertionError:
        tell(environ, "the second call raised")
        raise
    return [b"two"]
