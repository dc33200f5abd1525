"""Writes vectors.json. CPython's marshal is the reference for what Python writes; what Go
writes is spelled out here by the rules of marshal_write.go. Run it after adding a case:

    python3 make_vectors.py
"""

from __future__ import annotations

import json
import marshal
import struct
from pathlib import Path
from typing import Any

from check_vectors import build


def text(value: str, times: int = 1) -> dict[str, Any]:
    """A str as code points: JSON readers differ over lone surrogates."""
    described: dict[str, Any] = {"type": "str", "codes": [ord(char) for char in value]}
    if times != 1:
        described["times"] = times
    return described


def number(value: int) -> dict[str, Any]:
    return {"type": "int", "value": str(value)}


def real(value: float) -> dict[str, Any]:
    return {"type": "float", "value": repr(value)}


def data(value: bytes, times: int = 1) -> dict[str, Any]:
    return {"type": "bytes", "hex": value.hex(), "times": times}


def many(kind: str, *items: Any) -> dict[str, Any]:
    return {"type": kind, "items": list(items)}


def pair(name: str, value: dict[str, Any]) -> list[dict[str, Any]]:
    return [text(name), value]


NONE = {"type": "none"}
TRUE = {"type": "bool", "value": "true"}
FALSE = {"type": "bool", "value": "false"}

VALUES = {
    "none": NONE,
    "true": TRUE,
    "false": FALSE,
    "int zero": number(0),
    "int minus one": number(-1),
    "int largest of 32 bits": number(2**31 - 1),
    "int smallest of 32 bits": number(-(2**31)),
    "int above 32 bits": number(2**31),
    "int below 32 bits": number(-(2**31) - 1),
    "int of 45 bits": number(2**45 - 1),
    "int beyond a float": number(2**53 + 1),
    "int largest of 63 bits": number(2**63 - 1),
    "int smallest that both read": number(-(2**63) + 1),
    "float zero": real(0.0),
    "float of a second and a microsecond": real(1.000001),
    "float smallest": real(5e-324),
    "float largest": real(-1.7976931348623157e308),
    "str empty": text(""),
    "str ascii": text("text/plain; charset=utf-8"),
    "str with every latin-1 character": text("".join(map(chr, range(256)))),
    "str latin-1": text("/caf\xe9\xff"),
    "str beyond latin-1": text("\u20ac \u0100"),
    "str beyond the BMP": text("\U0001f943 \U0010ffff"),
    "str with a lone surrogate": text("a\ud800b\udfffc"),
    "str with the replacement character": text("\ufffd"),
    "str with NUL and line ends": text("a\x00b\r\nc"),
    "str of 255": text("x", 255),
    "str of 256": text("x", 256),
    "str of 255 latin-1": text("\xe9", 255),
    "bytes empty": data(b""),
    "bytes of all values": data(bytes(range(256))),
    "bytes of 1000": data(b"ab", 500),
    "tuple empty": many("tuple"),
    "list empty": many("list"),
    "dict empty": many("dict"),
    "list nested": many("list", many("list", many("list", number(1))), many("tuple"), NONE),
    "dict nested": many("dict", pair("a", many("dict", pair("b\xe9", many("list", TRUE, FALSE))))),
    "dict of several": many(
        "dict", pair("one", number(1)), pair("two", data(b"2")), pair("", NONE)
    ),
    "response": many(
        "tuple",
        text("200 OK"),
        many(
            "list",
            many("tuple", text("Content-Type"), text("text/plain")),
            many("tuple", text("X-L"), text("\xe9")),
        ),
        data(b"hello, world\n"),
    ),
    "error": many("tuple", text("application"), text("Traceback (most recent call last):\n\u2026")),
    "request": many(
        "tuple",
        many(
            "dict",
            pair("REQUEST_METHOD", text("GET")),
            pair("PATH_INFO", text("/\xc3\xa9")),
            pair("QUERY_STRING", text("")),
            pair("highball.queue_time", real(0.25)),
        ),
        data(b""),
    ),
    "streaming request": many("tuple", many("dict", pair("REQUEST_METHOD", text("PUT"))), NONE),
}

deep = number(7)
for _ in range(15):
    deep = many("list", deep)
VALUES["nested 15 deep"] = deep


def go(value: Any) -> bytes:
    """What internal/wire's Append functions write."""
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"T", False: b"F"}[value]
    if isinstance(value, int):
        small = -(2**31) <= value < 2**31
        return struct.pack("<ci" if small else "<cq", b"i" if small else b"I", value)
    if isinstance(value, float):
        return struct.pack("<cd", b"g", value)
    if isinstance(value, bytes):
        return struct.pack("<cI", b"s", len(value)) + value
    if isinstance(value, str):
        coded = value.encode("utf-8", "surrogatepass")
        if value.isascii() and len(value) < 256:
            return struct.pack("<cB", b"z", len(value)) + coded
        return struct.pack("<cI", b"a" if value.isascii() else b"u", len(coded)) + coded
    if isinstance(value, dict):
        return b"{" + b"".join(go(key) + go(item) for key, item in value.items()) + b"0"
    code = b"(" if isinstance(value, tuple) else b"["
    return struct.pack("<cI", code, len(value)) + b"".join(map(go, value))


def deeper(levels: int) -> bytes:
    return struct.pack("<cI", b"[", 1) * levels + b"N"


# name: (encoding, whether marshal.loads refuses it as well; None: it would take all the
# memory there is to find out, so nobody asks)
REFUSED = {
    "nothing": (b"", True),
    "int of two bytes": (b"i\x01\x02", True),
    "int64 of four bytes": (b"I\x01\x02\x03\x04", True),
    "bytes shorter than said": (b"s\x05\x00\x00\x00abcd", True),
    "bytes of 4 GiB": (b"s\xff\xff\xff\xff", True),
    "bytes of 2 GiB": (b"s\xff\xff\xff\x7f", True),
    "bytes without a length": (b"s\x05\x00", True),
    "str shorter than said": (b"u\x05\x00\x00\x00abcd", True),
    "str of 4 GiB": (b"a\xff\xff\xff\xff", True),
    "short str without a length": (b"z", True),
    "short str shorter than said": (b"z\x03ab", True),
    "short str that is not ASCII": (b"z\x02\xc3\xa9", False),
    "long str that is not ASCII": (b"a\x01\x00\x00\x00\xe9", False),
    "list of 4 G items": (b"[\xff\xff\xff\xff", True),
    "list of 2 G items": (b"[\xff\xff\xff\x7f", None),
    "tuple of 2 G items": (b"(\x00\x00\x00\x80NNN", True),
    "list shorter than said": (b"[\x02\x00\x00\x00N", True),
    "dict without an end": (b"{z\x01aN", True),
    "dict with a key only": (b"{z\x01a", True),
    "dict with a key that is no str": (b"{i\x01\x00\x00\x00N0", False),
    "end of a dict outside of one": (b"0", True),
    "end of a dict as an item": (b"[\x01\x00\x00\x000", True),
    "float that is no number": (b"g" + struct.pack("<d", float("nan")), False),
    "float of four bytes": (b"g\x01\x02\x03\x04", True),
    "complex": (b"y" + struct.pack("<dd", 1.5, 0), False),
    "set": (b"<\x01\x00\x00\x00N", False),
    "interned str": (b"t\x01\x00\x00\x00a", False),
    "reference to nothing": (b"r\x00\x00\x00\x00", True),
    "value with the reference flag": (b"\xceN", False),
    "unknown code": (b"?", True),
    "int of 64 bits": (b"l\x05\x00\x00\x00" + b"\xff\x7f" * 4 + b"\x0f\x00", False),
    "int of six digits": (b"l\x06\x00\x00\x00" + b"\x01\x00" * 6, False),
    "int with a digit too large": (b"l\x01\x00\x00\x00\x00\x80", True),
    "int with a leading zero digit": (b"l\x02\x00\x00\x00\x01\x00\x00\x00", True),
    "int of -2147483648 digits": (b"l\x00\x00\x00\x80", True),
    "int shorter than said": (b"l\x02\x00\x00\x00\x01\x00", True),
    "nested 16 deep": (deeper(16), False),
    "nested 5000 deep": (deeper(5000), True),
}

# name: (payload length, number, type, flags, descriptors)
FRAMES = {
    "request": (300, 1, 1, 0, 0),
    "body that ends": (131072, 7, 2, 1, 0),
    "body that is cut": (0, 7, 2, 4, 0),
    "whole response": (90, 4294967295, 16, 3, 0),
    "block of 4 GiB": (4294967295, 2, 17, 0, 0),
    "file": (60, 2, 18, 1, 1),
    "last block of a response that is cut": (0, 2, 17, 9, 0),
    "done": (0, 2, 22, 2, 0),
    "request to be measured": (300, 3, 1, 16, 0),
    "whole response that took 250 us": (90, 3, 16, 3, 250),
    "last block after the longest time, in doubt": (0, 3, 17, 33, 65535),
    "slot with its sockets": (10, 0, 39, 0, 2),
    "every field at its end": (4294967295, 4294967295, 255, 255, 65535),
}


def main() -> None:
    values = [
        {
            "name": name,
            "value": described,
            "python": marshal.dumps(build(described), 2).hex(),
            "go": go(build(described)).hex(),
        }
        for name, described in VALUES.items()
    ]
    refused = [
        {"name": name, "hex": code.hex(), "python": also} for name, (code, also) in REFUSED.items()
    ]
    frames = [
        dict(
            zip(("length", "number", "type", "flags", "fds"), fields),
            name=name,
            hex=struct.pack("<IIBBH", *fields).hex(),
        )
        for name, fields in FRAMES.items()
    ]
    lines = []
    for key, entries in (("values", values), ("refused", refused), ("frames", frames)):
        rows = ",\n".join("    " + json.dumps(entry) for entry in entries)
        lines.append('  "%s": [\n%s\n  ]' % (key, rows))
    Path(__file__).with_name("vectors.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
