"""Calls start_response and yields b"" long before there is a body."""

from support import gate


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    gate(environ, "started")
    yield b""
    gate(environ, "empty block")
    yield b"x"
    gate(environ, "block")
