"""Makes a file wrapper and returns something else: nothing of the file is sent."""

import io


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    environ["wsgi.file_wrapper"](io.BytesIO(b"of the file"))
    environ["wsgi.file_wrapper"](io.BytesIO(b"of the file"), 4)
    return [b"something else"]
