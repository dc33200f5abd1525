"""start_response, write() and the blocks, as frames."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fake_slot import NUMBER, FakeSlot, respond
from highball_worker import wire
from highball_worker.public import ClientDisconnected
from highball_worker.response import INLINE, Response

FINAL = wire.END | wire.FREE
TEN = [("Content-Length", "10")]


def new(method: str = "GET") -> tuple[FakeSlot, Response]:
    slot = FakeSlot()
    return slot, Response(slot, NUMBER, method)  # type: ignore[arg-type]


class Text(str):
    pass


class Data(bytes):
    pass


# A whole body.


@pytest.mark.parametrize(
    "result", [[b"hello"], (b"hello",), [b"he", b"", b"llo"], [Data(b"hello")]]
)
def test_a_list_is_one_frame(result: Any) -> None:
    slot = respond(result, [("X", "y")])
    assert [f.response() for f in slot.frames] == [("200 OK", [("X", "y")], b"hello")]
    assert slot.flags == FINAL


def test_an_empty_list() -> None:
    slot = respond([])
    assert slot.frames[0].response()[2] == b""
    assert slot.flags == FINAL


def test_a_large_list_has_a_length() -> None:
    body = b"x" * (INLINE + 1)
    slot = respond([body])
    assert slot.frames[0].response()[:2] == ("200 OK", [("Content-Length", str(len(body)))])
    assert slot.body == body
    assert slot.flags & wire.END


def test_headers_are_copied() -> None:
    slot, response = new()
    mine = [("X", "y")]
    response.start("200 OK", mine)
    mine.append(("Connection", "close"))
    response.consume([b""])
    assert slot.frames[0].response()[1] == [("X", "y")]


def test_subclasses_of_str() -> None:
    slot = respond([b"x"], [(Text("X"), Text("y"))], status=Text("200 OK"))
    assert slot.frames[0].response() == ("200 OK", [("X", "y")], b"x")


@pytest.mark.parametrize("block", ["text", bytearray(b"x"), memoryview(b"x"), None, 1, [b"x"]])
def test_blocks_must_be_bytes(block: Any) -> None:
    for result in ([block], (block, b"x"), iter([block])):
        with pytest.raises(TypeError, match="bytes"):
            respond(result)


# Blocks one by one.


def test_each_block_is_sent_before_the_next_is_asked_for() -> None:
    slot, response = new()
    seen: list[bytes] = []

    def blocks() -> Iterator[bytes]:
        for block in (b"", b"a", b"", b"bb"):
            seen.append(slot.body)
            yield block
        seen.append(slot.body)

    response.start("200 OK", [])
    response.consume(blocks())
    assert seen == [b"", b"", b"a", b"a", b"abb"]
    assert slot.kinds[0] == wire.RESPONSE
    assert slot.body == b"abb"
    assert slot.flags == wire.END


def test_nothing_is_sent_before_the_first_block() -> None:
    slot, response = new()

    def application() -> Iterator[bytes]:
        yield b""
        response.start("201 Created", [])  # lazily, as a generator may
        assert slot.frames == []
        yield b"x"

    response.consume(application())
    assert slot.frames[0].response() == ("201 Created", [], b"x")


def test_an_iterable_without_blocks() -> None:
    slot = respond(iter(()))
    assert [f.response() for f in slot.frames] == [("200 OK", [], b"")]
    assert slot.flags == wire.END


def test_no_start_response() -> None:
    for result in ([b"x"], iter([b"x"]), iter(()), []):
        slot, response = new()
        with pytest.raises(AssertionError, match="start_response"):
            response.consume(result)
        assert slot.frames == []


def test_a_large_first_block() -> None:
    body = b"x" * (INLINE + 1)
    slot = respond(iter([body, b"y"]))
    assert slot.kinds[:2] == [wire.RESPONSE, wire.BLOCK]
    assert slot.body == body + b"y"


def test_a_client_that_left_ends_the_iteration() -> None:
    slot, response = new()
    response.start("200 OK", [])
    asked = []

    def blocks() -> Iterator[bytes]:
        for n in range(5):
            asked.append(n)
            slot.left = n == 2
            yield b"x"

    with pytest.raises(ClientDisconnected):
        response.consume(blocks())
    assert asked == [0, 1, 2]
    assert slot.body == b"xx"


# Content-Length.


@pytest.mark.parametrize(
    "result", [[b"01234", b"56789"], iter([b"01234", b"56789"])], ids=["list", "iterator"]
)
def test_the_length_fits(result: Any) -> None:
    slot = respond(result, TEN)
    assert slot.body == b"0123456789"
    assert slot.flags & wire.END
    assert not slot.flags & wire.CUT
    assert slot.complaints == []


@pytest.mark.parametrize(
    "result",
    [[b"0123456789more"], iter([b"01234", b"56789more", b"more"])],
    ids=["list", "iterator"],
)
def test_too_long_is_cut_and_logged(result: Any) -> None:
    slot = respond(result, TEN)
    assert slot.body == b"0123456789"
    assert slot.flags & wire.END
    assert not slot.flags & wire.CUT
    assert "longer than its Content-Length" in slot.complaints[0]


@pytest.mark.parametrize(
    "result", [[b"01234"], iter([b"01234"]), iter(()), []], ids=["list", "iterator", "empty", "[]"]
)
def test_too_short_cuts_the_connection(result: Any) -> None:
    slot = respond(result, TEN)
    assert slot.flags == wire.END | wire.CUT
    assert "promises" in slot.complaints[0]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_a_body(status: str) -> None:
    for result in ([b""], iter(()), iter([b""])):
        slot = respond(result, TEN, status=status)
        assert slot.body == b""
        assert not slot.flags & wire.CUT
        assert slot.complaints == []


def test_head() -> None:
    for result in ([b"0123456789"], [b""], [], iter(()), iter([b"0123456789"])):
        slot = respond(result, TEN, method="HEAD")
        assert slot.frames[0].response()[1] == TEN
        assert not slot.flags & wire.CUT
        assert slot.complaints == []
        assert wire.BLOCK not in slot.kinds[:-1]


# start_response.


def test_a_second_call_is_an_error() -> None:
    _, response = new()
    response.start("200 OK", [])
    with pytest.raises(AssertionError, match="second time"):
        response.start("200 OK", [])


def test_a_call_that_raised_counts() -> None:
    _, response = new()
    with pytest.raises(ValueError, match="status"):
        response.start("bad", [])
    with pytest.raises(AssertionError, match="second time"):
        response.start("200 OK", [])
    with pytest.raises(AssertionError, match="start_response"):
        response.consume([b"x"])


def failure() -> Any:
    try:
        raise KeyError("original")
    except KeyError:
        return sys.exc_info()


def test_exc_info_replaces_the_head() -> None:
    slot, response = new()
    response.start("200 OK", [("X", "first"), ("Content-Length", "1")])
    response.start("500 Oh", [("X", "second")], failure())
    response.consume([b"error"])
    assert slot.frames[0].response() == ("500 Oh", [("X", "second")], b"error")


def test_exc_info_after_the_head_raises_it() -> None:
    _, response = new()
    response.start("200 OK", [])(b"sent")
    with pytest.raises(KeyError, match="original") as caught:
        response.start("500 Oh", [], failure())
    assert caught.traceback[-1].name == "failure"


def test_arguments_are_positional() -> None:
    _, response = new()
    with pytest.raises(TypeError):
        response.start(status="200 OK", headers=[])  # type: ignore[call-arg]


# write().


def test_write_sends_at_once() -> None:
    slot, response = new()
    write = response.start("200 OK", [])
    write(b"a")
    assert slot.body == b"a"
    write(b"")
    write(b"b")
    response.consume([b"c"])
    assert slot.body == b"abc"
    assert slot.flags == wire.END


def test_write_beyond_the_length() -> None:
    slot, response = new()
    write = response.start("200 OK", TEN)
    with pytest.raises(ValueError, match="Content-Length"):
        write(b"0123456789more")
    assert slot.body == b"0123456789"


def test_write_takes_bytes_alone() -> None:
    _, response = new()
    write = response.start("200 OK", [])
    with pytest.raises(TypeError, match="bytes"):
        write("text")  # type: ignore[arg-type]


def test_write_to_a_client_that_left() -> None:
    slot, response = new()
    write = response.start("200 OK", [])
    slot.left = True
    with pytest.raises(ClientDisconnected):
        write(b"x")
    assert slot.frames == []


def test_write_after_the_end_sends_nothing() -> None:
    """A write() that was kept must not disturb the slot's next request."""
    slot, response = new()
    write = response.start("200 OK", [])
    response.consume([b"whole"])
    before = len(slot.frames)
    with pytest.raises(AssertionError, match="after the response"):
        write(b"late")
    assert len(slot.frames) == before


# Early hints.


def test_early_hints() -> None:
    slot, response = new()
    response.early_hints([("Link", Text("</a.css>"))])
    response.start("200 OK", [])
    response.consume([b"x"])
    response.early_hints([("Link", "late")])
    assert slot.kinds == [wire.HINTS, wire.RESPONSE]
    with pytest.raises(ValueError, match="control"):
        response.early_hints([("Link", "a\r\nb")])


# What the meter says.


class FakeMeter:
    """Says 1000, and how many frames had been sent when it was asked."""

    def __init__(self, slot: FakeSlot, in_doubt: bool) -> None:
        self.slot = slot
        self.in_doubt = in_doubt
        self.doubtful = False  # before it is asked

    def took(self) -> int:
        self.doubtful = self.in_doubt
        return 1000 + len(self.slot.frames)


LARGE = b"x" * (INLINE + 1)


@pytest.mark.parametrize("in_doubt", [False, True], ids=["sure", "in doubt"])
@pytest.mark.parametrize(
    ("kind", "blocks", "headers", "kinds"),
    [
        (list, [b"x"], [], [wire.RESPONSE]),
        (list, [LARGE], [], [wire.RESPONSE, wire.BLOCK, wire.BLOCK]),
        (list, [b"short"], TEN, [wire.RESPONSE, wire.BLOCK]),
        (iter, [b"x", b"y"], [], [wire.RESPONSE, wire.BLOCK, wire.BLOCK]),
        (iter, [b"0123456789"], TEN, [wire.RESPONSE]),
        (iter, [], [], [wire.RESPONSE]),
    ],
    ids=["list", "large list", "cut", "iterator", "complete at once", "no blocks"],
)
def test_the_last_frame_says_how_long_it_took(
    kind: Any, blocks: list[bytes], headers: Any, kinds: list[int], in_doubt: bool
) -> None:
    slot, response = new()
    response.meter = FakeMeter(slot, in_doubt)  # type: ignore[assignment]
    response.start("200 OK", headers)
    response.consume(kind(blocks))
    assert slot.kinds == kinds
    before = len(kinds) - 1
    assert [frame.took for frame in slot.frames] == [0] * before + [1000 + before]
    doubts = [bool(frame.flags & wire.DOUBT) for frame in slot.frames]
    assert doubts == [False] * before + [in_doubt]
    assert slot.flags & wire.END
    assert bool(slot.flags & wire.FREE) == (kinds == [wire.RESPONSE] and kind is list)
    assert bool(slot.flags & wire.CUT) == (blocks == [b"short"])


def test_earlier_frames_of_a_measured_request() -> None:
    slot, response = new()
    response.meter = FakeMeter(slot, in_doubt=True)  # type: ignore[assignment]
    response.early_hints([("Link", "</a.css>")])
    write = response.start("200 OK", [])
    write(b"a")
    write(b"b")
    assert slot.kinds == [wire.HINTS, wire.RESPONSE, wire.BLOCK]
    assert [(frame.flags, frame.took) for frame in slot.frames] == [(0, 0)] * 3


def test_without_a_meter() -> None:
    for result in ([b"x"], [LARGE], iter([b"x"]), iter(())):
        slot = respond(result)
        assert [frame.took for frame in slot.frames] == [0] * len(slot.frames)
        assert not slot.flags & wire.DOUBT
