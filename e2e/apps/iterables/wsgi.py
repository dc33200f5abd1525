"""Every kind of iterable, by the path; ?validate-friendly ones all say the same."""

from array import array
from collections import deque


class GetItem:
    def __getitem__(self, index):
        return [b"it", b"er", b"able"][index]


class Own:
    def __init__(self):
        self.left = [b"able", b"er", b"it"]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop()


BLOCKS = [b"it", b"er", b"able"]
KINDS = {
    "list": lambda: list(BLOCKS),
    "tuple": lambda: tuple(BLOCKS),
    "generator": lambda: (b for b in BLOCKS),
    "map": lambda: map(bytes, BLOCKS),
    "deque": lambda: deque(BLOCKS),
    "dict": lambda: dict.fromkeys(BLOCKS),
    "getitem": GetItem,
    "own": Own,
    "list-subclass": lambda: type("List", (list,), {})(BLOCKS),
    "bytes-subclass": lambda: [type("Bytes", (bytes,), {})(b"iterable")],
    "array-blocks": lambda: [array("B", b).tobytes() for b in BLOCKS],
    "empties": lambda: [b"", b"it", b"", b"", b"erable", b""],
    "empties-generator": lambda: (b for b in [b"", b"it", b"", b"", b"erable", b""]),
}


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return KINDS[environ["PATH_INFO"][1:]]()
