"""Prints in every way that could disturb the server."""

import os
import sys

from support import query


def application(environ, start_response):
    tag = query(environ)["tag"]
    # In one piece each: others print meanwhile.
    print(tag + " by print\n", end="", flush=True)
    print(tag + " to stderr\n", end="", file=sys.stderr, flush=True)
    os.write(1, (tag + " to descriptor 1\n").encode())
    os.write(2, (tag + " to descriptor 2\n").encode())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"quiet"]
