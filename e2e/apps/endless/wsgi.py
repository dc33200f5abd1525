"""Goes on for ever, by blocks or by write(), until the client has left."""

import itertools

from support import Body, query, tell


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    block = b"x" * int(query(environ).get("size", 1000))
    if environ["PATH_INFO"] != "/write":
        return Body(environ, itertools.repeat(block))
    try:
        while True:
            write(block)
    except OSError:
        tell(environ, "write raised OSError")
        raise
