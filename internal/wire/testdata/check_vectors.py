"""Checks vectors.json against this interpreter's marshal; prints what differs.

Standard library only, so that any CPython runs it:  python3 check_vectors.py [vectors.json]
"""

import json
import marshal
import struct
import sys
from pathlib import Path
from typing import Any


def load(path: str = "") -> dict[str, Any]:
    file = Path(path) if path else Path(__file__).with_name("vectors.json")
    vectors: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return vectors


def build(described: dict[str, Any]) -> Any:
    """The value that a vector describes."""
    kind = described["type"]
    if kind == "none":
        return None
    if kind == "bool":
        return described["value"] == "true"
    if kind == "int":
        return int(described["value"])
    if kind == "float":
        return float(described["value"])
    if kind == "str":
        return "".join(map(chr, described["codes"])) * int(described.get("times", 1))
    if kind == "bytes":
        return bytes.fromhex(described["hex"]) * int(described["times"])
    if kind == "dict":
        return {build(key): build(value) for key, value in described["items"]}
    items = [build(item) for item in described["items"]]
    return tuple(items) if kind == "tuple" else items


def value_failures(vector: dict[str, Any]) -> list[str]:
    value = build(vector["value"])
    failures = []
    if marshal.dumps(value, 2).hex() != vector["python"]:
        failures.append("dumps gives %s" % marshal.dumps(value, 2).hex())
    for writer in ("python", "go"):
        got = marshal.loads(bytes.fromhex(vector[writer]))
        if repr(got) != repr(value):  # the types count as well
            failures.append("what %s writes is read as %r" % (writer, got))
    return failures


def refused_failures(vector: dict[str, Any]) -> list[str]:
    if vector["python"] is None:  # it would allocate before it looks
        return []
    try:
        got = marshal.loads(bytes.fromhex(vector["hex"]))
    except (ValueError, EOFError, TypeError):
        return [] if vector["python"] else ["loads refuses it"]
    return ["loads gives %r" % (got,)] if vector["python"] else []


def frame_failures(vector: dict[str, Any]) -> list[str]:
    fields = [vector[key] for key in ("length", "number", "type", "flags", "fds")]
    packed = struct.pack("<IIBBH", *fields).hex()
    return [] if packed == vector["hex"] else ["it is packed as " + packed]


def main() -> int:
    vectors = load(*sys.argv[1:2])
    checks = (("values", value_failures), ("refused", refused_failures), ("frames", frame_failures))
    failed = 0
    for key, check in checks:
        for vector in vectors[key]:
            for failure in check(vector):
                failed += 1
                print("%s: %s: %s" % (key, vector["name"], failure))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
