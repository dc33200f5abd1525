"""What hostile clients ask for: small and large answers in each form, and what reads a body.

Each call but those for /quick is written down in a file of its process in $CALLS.
"""

import os

from support import query

CALLS = os.environ["CALLS"]
BLOCK = 65536
NAME = os.path.join(CALLS, "large")  # sparse
BOOK = os.open(
    os.path.join(CALLS, "%d.calls" % os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
)


def size(environ):
    return int(query(environ)["kib"]) << 10


def quick(environ):
    return [b"ok"]


def body(environ):
    return [b"%d bytes came; this is the answer" % len(environ["wsgi.input"].read())]


def pieces(environ):
    """By a generator, so that it leaves in pieces."""
    length = len(environ["wsgi.input"].read())
    yield b"%d bytes came;" % length
    yield b" this is the answer"


def in_one(environ):
    return [b"x" * size(environ)]


def blocks(environ):
    return (b"x" * BLOCK for _ in range(size(environ) // BLOCK))


def file(environ):
    with open(NAME, "ab") as made:
        made.truncate(64 << 20)
    return environ["wsgi.file_wrapper"](open(NAME, "rb"))


PATHS = {
    "/quick": quick,
    "/body": body,
    "/pieces": pieces,
    "/in-one": in_one,
    "/blocks": blocks,
    "/file": file,
}


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path != "/quick":
        os.write(BOOK, ("%(REQUEST_METHOD)s %(PATH_INFO)s\n" % environ).encode())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return PATHS.get(path, quick)(environ)
