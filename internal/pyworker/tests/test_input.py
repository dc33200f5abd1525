"""wsgi.input: ends where the body ends, whatever is asked for."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fake_slot import NUMBER, FakeSlot
from highball_worker import wire
from highball_worker.input import BodyStream, streamed, whole
from highball_worker.public import ClientDisconnected

LINES = b"first\nsecond\r\n\nlast"


def stream(*pieces: tuple[bytes, int]) -> tuple[FakeSlot, io.BufferedReader]:
    slot = FakeSlot(pieces)
    return slot, streamed(BodyStream(slot, NUMBER))  # type: ignore[arg-type]


def both() -> list[Any]:
    pieces = [(LINES[i : i + 4], 0) for i in range(0, len(LINES), 4)]
    return [whole(LINES), stream(*pieces, (b"", wire.END))[1], stream((LINES, wire.END))[1]]


@pytest.mark.parametrize("index", range(3), ids=["whole", "in pieces", "at once"])
def test_methods(index: int) -> None:
    assert both()[index].read() == LINES
    assert both()[index].read(-1) == LINES
    assert both()[index].read(1000) == LINES
    assert both()[index].readlines() == LINES.splitlines(True)
    assert list(both()[index]) == LINES.splitlines(True)
    assert both()[index].readlines(1)[0] == b"first\n"
    given = both()[index]
    assert [given.read(3), given.readline(), given.readline(2), given.read(0)] == [
        b"fir",
        b"st\n",
        b"se",
        b"",
    ]
    assert given.read() == b"cond\r\n\nlast"
    assert [given.read(), given.read(5), given.readline(), given.readlines(), list(given)] == [
        b"",
        b"",
        b"",
        [],
        [],
    ]


def test_nothing_is_asked_for_before_the_application_reads() -> None:
    slot, _ = stream((b"x", wire.END))
    assert slot.wanted == []


def test_nothing_is_asked_for_after_the_end() -> None:
    slot, given = stream((b"abc", 0), (b"def", wire.END))
    assert given.read() == b"abcdef"
    assert given.read(10) == b""
    assert len(slot.wanted) == 2


def test_read1_returns_what_is_there() -> None:
    slot, given = stream((b"abc", 0), (b"def", wire.END))
    assert given.read1(100) == b"abc"
    assert len(slot.wanted) == 1


def test_the_client_leaves() -> None:
    _, given = stream((b"abc", 0), (b"", wire.ABORT))
    assert given.read(3) == b"abc"
    for _ in range(2):  # it stays an error, and never looks like the end
        with pytest.raises(ClientDisconnected, match="incomplete"):
            given.read(1)
    with pytest.raises(OSError, match="incomplete"):  # what frameworks catch
        given.readline()


def test_a_reader_that_is_kept() -> None:
    slot = FakeSlot([(b"abc", 0)])
    raw = BodyStream(slot, NUMBER)  # type: ignore[arg-type]
    given = streamed(raw)
    assert given.read(1) == b"a"
    raw.end()
    assert given.read() == b"bc"
    assert given.read() == b""
    assert len(slot.wanted) == 1


def test_close_is_harmless() -> None:
    for given in both():
        given.close()
        with pytest.raises(ValueError, match="closed"):
            given.read()
