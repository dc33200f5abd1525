"""Waits at the gate before its first block, then goes on for ever."""

import itertools

from support import Body, gate


def application(environ, start_response):
    gate(environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Body(environ, itertools.repeat(b"x" * 1000))
