"""An iterable that tells the log when it is closed, after each kind of end."""

from support import Body, query


def blocks(end):
    if end != "first":
        yield b"begun"
    if end in ("raises", "first"):
        raise ValueError("in the iteration")
    if end == "exit":
        raise SystemExit(3)
    yield b"ended"


def application(environ, start_response):
    asked = query(environ)
    headers = [("Content-Length", asked["length"])] if "length" in asked else []
    start_response(asked.get("status", "200 OK"), headers)
    return Body(environ, blocks(asked["end"]))
