"""Files of all kinds in wsgi.file_wrapper: /KIND?seek=N&length=N&size=N."""

import gzip
import io
import os
import tempfile

from support import query, tell

TEXT = b"0123456789" * 20000


def plain():
    f = tempfile.TemporaryFile()
    f.write(TEXT)
    f.seek(0)
    return f


def named():
    f = tempfile.NamedTemporaryFile()
    f.write(TEXT)
    f.seek(0)
    return f


def unbuffered():
    f = tempfile.TemporaryFile(buffering=0)
    f.write(TEXT)
    f.seek(0)
    return f


def read_ahead():
    f = plain()
    f.readline(7)  # the descriptor is further than tell() says
    f.seek(0)
    return f


def zipped():
    return gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(TEXT)))


def zipped_on_disk():
    f = tempfile.TemporaryFile()
    with gzip.GzipFile(fileobj=f, mode="wb") as z:
        z.write(TEXT)
    f.seek(0)
    return gzip.GzipFile(fileobj=f)


def pipe():
    r, w = os.pipe()
    os.write(w, TEXT[:5000])
    os.close(w)
    return os.fdopen(r, "rb")


def text():
    return io.TextIOWrapper(plain())


def closed():
    f = plain()
    f.close()
    return f


class Reader:
    """Nothing but read()."""

    def __init__(self):
        self.read = io.BytesIO(TEXT).read


KINDS = {
    f.__name__: f
    for f in (plain, named, unbuffered, read_ahead, zipped, zipped_on_disk, pipe, text, closed, Reader)
}
KINDS["bytesio"] = lambda: io.BytesIO(TEXT)


def application(environ, start_response):
    asked = query(environ)
    filelike = KINDS[environ["PATH_INFO"][1:]]()
    if "seek" in asked:
        filelike.seek(int(asked["seek"]))
    headers = [("Content-Length", asked["length"])] if "length" in asked else []
    start_response(asked.get("status", "200 OK"), headers + [("Content-Type", "text/plain")])
    return environ["wsgi.file_wrapper"](told(environ, filelike), *map(int, filter(None, [asked.get("size")])))


def told(environ, filelike):
    """The same file, with a close() that is told to the log."""
    if hasattr(filelike, "close"):
        real = filelike.close

        def close():
            tell(environ, "file closed")
            real()

        try:
            filelike.close = close
        except AttributeError:
            pass
    return filelike
