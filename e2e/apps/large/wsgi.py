"""A large body of numbered lines of 16 bytes, in blocks; /file by wsgi.file_wrapper."""

import tempfile

from support import Body, query


def block(number, size):
    return b"".join(b"%15d\n" % n for n in range(number * size // 16, (number + 1) * size // 16))


def application(environ, start_response):
    asked = query(environ)
    count, size = int(asked["blocks"]), int(asked.get("size", 65536))
    start_response("200 OK", [("Content-Type", "text/plain")])
    blocks = (block(number, size) for number in range(count))
    if environ["PATH_INFO"] != "/file":
        return Body(environ, blocks)
    f = tempfile.TemporaryFile()
    f.writelines(blocks)
    f.seek(0)
    return environ["wsgi.file_wrapper"](f)
