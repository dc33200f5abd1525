"""Calls start_response with exc_info when the head is gone: it gets its exception back."""

import sys

from support import tell


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    mine = ValueError("late")
    try:
        raise mine
    except ValueError:
        try:
            start_response("500 Late", [("X-Late", "1")], sys.exc_info())
        except BaseException as exc:
            tell(environ, "got the same back:", exc is mine)
            raise
        tell(environ, "nothing was raised")
