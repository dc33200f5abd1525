"""Yields two blocks, and waits before, between and after them."""

from support import gate


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one"
    gate(environ, "after one")
    yield b"two"
    gate(environ, "after two")
