"""A request that is interrupted: it alone, wherever its thread is."""

from __future__ import annotations

import socket
import sys
import threading
from array import array
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from highball_worker import wire
from highball_worker.interrupt import Interruption
from highball_worker.public import RequestTimeout
from highball_worker.slot import WORDS, Slot

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="no exception can be raised in another thread"
)


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns a thousand times as often as they do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


class Nagger:
    """Interrupts what runs, as often as it can, from a thread of its own."""

    def __init__(self, interruption: Interruption) -> None:
        self.current = 0
        self.asked = self.promised = 0
        self._interruption = interruption
        self._ended = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Nagger:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended = True
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            number = self.current
            self.asked += 1
            self.promised += self._interruption.interrupt(number, 1.5, "id")


def test_a_million_requests_and_one_that_interrupts(often: None) -> None:
    """What is raised is of the request that runs, and none comes when it has ended."""
    interruption = Interruption()
    served = hit = 0
    with Nagger(interruption) as nagger:
        while served < 1_000_000:
            served += 1
            nagger.current = served
            number = 0
            try:
                try:
                    interruption.begin(served)
                    sum((1, 2, 3))
                finally:
                    interruption.hold()
            except RequestTimeout as exc:
                number = exc.number
                hit += 1
                assert number == served
            # As much again where nothing must come.
            sum((1, 2, 3))
            interruption.end()
    assert 0 < hit <= nagger.promised
    assert nagger.asked > hit


def test_it_says_what_it_is() -> None:
    interruption = Interruption()
    interruption.begin(7)
    caught = interrupted(interruption, 7)
    assert isinstance(caught, RequestTimeout)
    assert (caught.number, caught.seconds, caught.request_id) == (7, 1.5, "id")
    assert str(caught) == "request id ran for longer than 1.5 s"
    assert repr(type(caught)) == "<class 'highball.RequestTimeout'>"
    assert not isinstance(caught, Exception)


def interrupted(
    interruption: Interruption, number: int, promised: bool = False
) -> RequestTimeout | None:
    """Interrupts this thread from another, and returns what came within a while.

    promised: whether it is to come later, if it does not come now.
    """
    answers: list[bool] = []
    other = threading.Thread(
        target=lambda: answers.append(interruption.interrupt(number, 1.5, "id"))
    )
    try:
        other.start()
        other.join()
        for _ in range(1000):
            sum((1, 2, 3))
        assert answers == [promised]
    except RequestTimeout as exc:
        other.join()
        assert answers == [True]
        return exc
    return None


def test_only_the_request_that_runs() -> None:
    interruption = Interruption()
    for number in (0, 7):
        assert interrupted(interruption, number) is None
    interruption.begin(7)
    for number in (0, 6, 8):
        assert interrupted(interruption, number) is None
    interruption.hold()
    interruption.end()
    for number in (0, 7):
        assert interrupted(interruption, number) is None


def test_only_once() -> None:
    interruption = Interruption()
    interruption.begin(7)
    assert interrupted(interruption, 7) is not None
    assert interrupted(interruption, 7) is None
    assert not interruption.hold()
    interruption.release()
    assert interrupted(interruption, 7) is None


def test_what_is_held_back_comes_at_the_release() -> None:
    interruption = Interruption()
    interruption.begin(7)
    assert interruption.hold()
    assert not interruption.hold()
    assert interrupted(interruption, 7, promised=True) is None
    with pytest.raises(RequestTimeout):
        interruption.release()
    assert not interruption.hold()


def test_another_thread_holds_nothing_back() -> None:
    interruption = Interruption()
    interruption.begin(7)
    held: list[bool] = []
    other = threading.Thread(target=lambda: held.append(interruption.hold()))
    other.start()
    other.join()
    assert held == [False]
    assert interrupted(interruption, 7) is not None


# A slot.

FINAL = wire.END | wire.FREE


class Pipe:
    """Requests without end, one per read, and a check of what is written."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.begun = 0
        self.frames: list[tuple[int, int, int]] = []  # number, type, flags of each request's
        self.on_begin: Callable[[int], None] = lambda number: None
        self.on_end: Callable[[int], object] = lambda number: None
        self.torn = 0  # writes that were interrupted

    def recv(self, size: int, /) -> bytes:
        assert all(number == self.begun for number, _, _ in self.frames)
        self.check()
        self.frames = []
        if self.begun == self.count:
            return b""
        self.begun += 1
        self.on_begin(self.begun)
        name = str(self.begun)
        environ = {"REQUEST_METHOD": "GET", "highball.request_id": name, "number": self.begun}
        return wire.frame(wire.REQUEST, wire.dumps((environ, b"")), self.begun)

    def check(self) -> None:
        """PROTOCOL.md: what a response is made of, whatever interrupts it."""
        if not self.begun:
            return
        kinds = [(kind, flags) for _, kind, flags in self.frames]
        assert kinds, "request %d has no answer" % self.begun
        ends = [index for index, (_, flags) in enumerate(kinds) if flags & wire.END]
        assert ends == [len(kinds) - 1], kinds
        heads = [index for index, (kind, _) in enumerate(kinds) if kind == wire.RESPONSE]
        assert heads in ([], [0]), kinds

    def recv_into(self, view: Any, /) -> int:
        raise AssertionError("there is no body")

    def sendall(self, data: bytes, /) -> None:
        try:
            while data:
                length, number, kind, flags, _ = wire.HEADER.unpack(data[: wire.HEADER_SIZE])
                self.frames.append((number, kind, flags))
                data = data[wire.HEADER_SIZE + length :]
                if flags & wire.END:
                    self.on_end(number)
        except RequestTimeout:
            self.torn += 1
            raise


class Result:
    """Notes which requests' blocks were asked for, and which were closed."""

    iterated: list[int] = []
    closed: list[int] = []

    def __init__(self, number: int) -> None:
        self._number = number

    def __iter__(self) -> Iterator[bytes]:
        Result.iterated.append(self._number)
        return iter([b"x" * 100] * 3)

    def close(self) -> None:
        Result.closed.append(self._number)


def whole(environ: Any, start: Any) -> Any:
    start("200 OK", [])
    return [b"x"]


def writes(environ: Any, start: Any) -> Any:
    start("200 OK", [])(b"x")
    environ["wsgi.errors"].write("a line\n")
    return ()


def streams(environ: Any, start: Any) -> Any:
    start("200 OK", [])
    return Result(environ["number"])


def catches(environ: Any, start: Any) -> Any:
    try:
        for _ in range(20):
            environ.get("nothing")
    except RequestTimeout:
        pass
    start("200 OK", [])
    return [b"x"]


@pytest.mark.parametrize("application", [whole, writes, streams, catches])
def test_the_protocol_holds_wherever_it_comes(often: None, application: Any) -> None:
    """Each request has an answer, with one end; the thread lives; close() is called once."""
    lane, theirs = socket.socketpair()
    words = memoryview(array("I", [0] * WORDS))
    logged: list[str] = []
    hit_in_close: set[int] = set()

    def log(kind: str, text: str, request_id: str) -> None:
        if text.startswith("close() of the response failed") and "RequestTimeout" in text:
            hit_in_close.add(int(request_id))
        elif "RequestTimeout" not in text:
            logged.append(text)

    pipe = Pipe(60_000)
    slot = Slot(pipe, theirs, words, 0, log)
    Result.iterated, Result.closed = [], []
    with lane, theirs, Nagger(slot.interruption) as nagger:
        pipe.on_begin = lambda number: setattr(nagger, "current", number)
        slot.serve(application, {})
    assert pipe.begun == 60_000
    assert not pipe.torn
    assert words.tolist() == [60_000, 0, 60_000, 0]
    assert nagger.promised > 0
    assert len(set(Result.closed)) == len(Result.closed)
    assert set(Result.iterated) <= set(Result.closed) | hit_in_close
    assert set(logged) <= {"a line"}


def test_close_is_called_after_an_interruption() -> None:
    """Within the iterable, or by what was held back by the last frame; once.

    close() itself can be interrupted if nothing was before.
    """
    for where in ("blocks", "last frame", "close"):
        closed: list[str] = []
        lane, theirs = socket.socketpair()
        pipe = Pipe(1)
        complaints: list[str] = []
        slot = Slot(
            pipe,
            theirs,
            memoryview(array("I", [0] * WORDS)),
            0,
            lambda kind, text, request_id, said=complaints: said.append(text),  # type: ignore[misc]
        )

        class Interrupted:
            def __init__(self, slot: Slot, where: str, closed: list[str]) -> None:
                self._slot, self._where, self._closed = slot, where, closed

            def __iter__(self) -> Iterator[bytes]:
                yield b"first"
                self._hit("blocks")
                yield b"second"

            def close(self) -> None:
                self._closed.append("closed")
                self._hit("close")

            def _hit(self, where: str) -> None:
                if where == self._where:
                    caught = interrupted(self._slot.interruption, 1)
                    assert caught is not None
                    raise caught

        def application(environ: Any, start: Any, made: Any = (slot, where, closed)) -> Any:
            start("200 OK", [])
            return Interrupted(*made)

        if where == "last frame":
            pipe.on_end = lambda number, hit=slot.interruption: hit.interrupt(number, 1)  # type: ignore[misc]
        with lane, theirs:
            slot.serve(application, {})
        assert closed == ["closed"]
        assert len(complaints) == (where == "close")


def test_the_answer_to_a_read_does_not_stay_in_the_pipe() -> None:
    """What comes while a piece of the body is awaited is raised when the piece is there."""
    environ = {"REQUEST_METHOD": "POST", "highball.request_id": "id"}
    first = wire.frame(wire.REQUEST, wire.dumps((environ, None)), 1)
    second = wire.frame(wire.REQUEST, wire.dumps((environ, b"")), 2)

    class Reads(Pipe):
        def __init__(self) -> None:
            super().__init__(2)
            self.coming = [first, wire.frame(wire.BODY, b"piece", 1), second]

        def recv(self, size: int, /) -> bytes:
            if not self.coming:
                return b""
            if len(self.coming) == 2 and size == wire.HEADER_SIZE:
                assert interrupted(slot.interruption, 1, promised=True) is None
            data, self.coming[0] = self.coming[0][:size], self.coming[0][size:]
            if not self.coming[0]:
                del self.coming[0]
            return data

        def recv_into(self, view: Any, /) -> int:
            data = self.recv(len(view))
            view[: len(data)] = data
            return len(data)

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    lane, theirs = socket.socketpair()
    pipe = Reads()
    words = memoryview(array("I", [0] * WORDS))
    slot = Slot(pipe, theirs, words, 0, lambda kind, text, request_id: None)
    with lane, theirs:
        slot.serve(application, {})
    assert pipe.frames == [
        (1, wire.READ, 0),
        (1, wire.ERROR, wire.END),
        (2, wire.RESPONSE, FINAL),
    ]
