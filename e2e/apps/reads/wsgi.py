"""Reads its body, or a part of it, and says how much; errors in reading are told to the log."""

from support import gate, query, tell


def application(environ, start_response):
    asked = query(environ)
    if "gate" in asked:
        gate(environ, "before reading")
    try:
        body = environ["wsgi.input"].read(int(asked.get("size", -1)))
    except OSError as exc:
        tell(environ, "OSError", type(exc).__name__)
        raise
    tell(environ, "read", len(body))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"read %d" % len(body)]
