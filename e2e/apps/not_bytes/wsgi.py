"""Blocks that are no bytes, in a list, from a generator and for write()."""

from support import query

VALUES = {"str": "text", "int": 65, "bytearray": bytearray(b"x"), "memoryview": memoryview(b"x"), "none": None}


def application(environ, start_response):
    value = VALUES[query(environ)["value"]]
    write = start_response("200 OK", [("X-Smuggled", "1")])
    how = environ["PATH_INFO"][1:]
    if how == "write":
        write(value)
        return []
    blocks = {"one": [value], "second": [b"a", value], "generator": (v for v in [value])}
    return blocks[how]
