"""Declares one Content-Length and sends another: ?declare=5&send=9, in blocks of one byte."""

from support import Body, query, tell


def application(environ, start_response):
    asked = query(environ)
    count = int(asked["send"])
    write = start_response("200 OK", [("Content-Length", asked["declare"]), ("Content-Type", "text/plain")])
    how = environ["PATH_INFO"][1:]
    if how == "one":
        return [b"x" * count]
    if how == "list":
        return [b"x"] * count
    if how == "generator":
        return Body(environ, (b"x" for _ in range(count)))
    try:
        for _ in range(count):
            write(b"x")
    except Exception as exc:
        tell(environ, "write raised", type(exc).__name__)
        raise
    return []
