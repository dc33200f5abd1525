"""Uses write(), waits after each call, and returns more."""

from support import gate


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"one")
    gate(environ, "after one")
    write(b"")
    write(b"two")
    gate(environ, "after two")
    return [b"three"]
