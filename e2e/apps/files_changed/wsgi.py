"""A file that changes while it is sent: /truncated, /growing."""

import os
import tempfile

from support import query


def application(environ, start_response):
    f = tempfile.TemporaryFile()
    f.write(b"x" * 100000)
    f.seek(0)
    start_response("200 OK", [("Content-Length", query(environ)["length"])])
    wrapped = environ["wsgi.file_wrapper"](f)
    os.ftruncate(f.fileno(), 100) if environ["PATH_INFO"] == "/truncated" else os.ftruncate(f.fileno(), 200000)
    return wrapped
