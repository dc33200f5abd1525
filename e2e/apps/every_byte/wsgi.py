"""All 256 values, and line ends of all sorts, as one block or as many; ?n times."""

from support import query

BLOCK = bytes(range(256)) + b"\r\n\n\r\r\n0\r\n\r\n"


def application(environ, start_response):
    count = int(query(environ)["n"])
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    if environ["PATH_INFO"] == "/list":
        return [BLOCK * count]
    return (BLOCK for _ in range(count))
