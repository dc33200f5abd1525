"""Raises, somewhere, some exception: /WHERE?what=NAME."""

import sys

from support import query

KINDS = {k.__name__: k for k in (ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, RecursionError, MemoryError)}


def application(environ, start_response):
    where = environ["PATH_INFO"][1:]
    what = KINDS[query(environ).get("what", "ValueError")]("raised on purpose")
    if where == "call":
        raise what
    if where == "exit":
        sys.exit("raised on purpose")
    write = start_response("200 OK", [("Content-Type", "image/png"), ("X-Smuggled", "1")])
    if where == "started":
        raise what
    if where == "written":
        write(b"begun")
        raise what
    return Blocks(where, what)


class Blocks:
    def __init__(self, where, what):
        self.where, self.what, self.left = where, what, [b"ended", b"begun"]

    def __iter__(self):
        if self.where == "iter":
            raise self.what
        return self

    def __next__(self):
        if self.where == "first" or (self.where == "second" and len(self.left) == 1):
            raise self.what
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self):
        if self.where == "close":
            raise self.what
