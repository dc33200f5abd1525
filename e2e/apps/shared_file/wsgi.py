"""One file, opened once; each request sends a duplicate of its descriptor."""

import os
import tempfile

FILE = tempfile.TemporaryFile()
FILE.write(b"0123456789" * 400000)
FILE.flush()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    again = os.fdopen(os.dup(FILE.fileno()), "rb")
    again.seek(0)
    return environ["wsgi.file_wrapper"](again)
