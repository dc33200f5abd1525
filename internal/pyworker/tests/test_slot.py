"""A slot: the requests in its pipe, one after the other, and what the front reads of them."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

import pytest
from highball_worker import forks, wire
from highball_worker import slot as slot_module
from highball_worker.filewrapper import FileWrapper
from highball_worker.pipes import Pipes
from highball_worker.slot import WORDS, Slot

BEGUN, LEFT, DONE, ASKED = range(WORDS)
FINAL = wire.END | wire.FREE
O_DIRECT = getattr(os, "O_DIRECT", 0)


class Reply(NamedTuple):
    number: int
    kind: int
    flags: int
    last: int  # field of the header: how long it took, or descriptors
    payload: bytes


class Reads:
    """A pipe whose reads bring what a test says, and that keeps what is written."""

    def __init__(self, *reads: bytes) -> None:
        self.reads = list(reads)
        self.written = b""

    def recv(self, size: int, /) -> bytes:
        if not self.reads:
            return b""
        data, self.reads[0] = self.reads[0][:size], self.reads[0][size:]
        if not self.reads[0]:
            del self.reads[0]
        return data

    def recv_into(self, view: Any, /) -> int:
        data = self.recv(len(view))
        view[: len(data)] = data
        return len(data)

    def sendall(self, data: bytes, /) -> None:
        self.written += data


class Front:
    """Keeps the shared words and the lane, and runs slots in this thread."""

    def __init__(self, slots: int = 1) -> None:
        self.words = memoryview(array("I", [0] * (WORDS * slots)))
        self.lane, self.their_lane = socket.socketpair()
        self.logged: list[tuple[str, str, str]] = []

    def serve(self, application: Callable[..., Any], *reads: bytes, index: int = 0) -> list[Reply]:
        pipe = Reads(*reads)
        self.run(pipe, application, index)
        return replies(pipe.written)

    def run(self, pipe: Any, application: Callable[..., Any], index: int = 0) -> None:
        slot = Slot(pipe, self.their_lane, self.words, index, self.log)
        slot.serve(application, {"base": "of all"})

    def log(self, kind: str, text: str, request_id: str) -> None:
        self.logged.append((kind, text, request_id))

    def word(self, name: int, index: int = 0) -> int:
        return self.words[WORDS * index + name]


@pytest.fixture
def front() -> Iterator[Front]:
    made = Front(slots=2)
    with made.lane, made.their_lane:
        yield made


def request(number: int, flags: int = 0, path: str = "/", body: bytes | int | None = b"") -> bytes:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "highball.request_id": "id-%d" % number,
    }
    return wire.frame(wire.REQUEST, wire.dumps((environ, body)), number, flags)


def replies(data: bytes) -> list[Reply]:
    found = []
    while data:
        length, number, kind, flags, last = wire.HEADER.unpack(data[: wire.HEADER_SIZE])
        end = wire.HEADER_SIZE + length
        found.append(Reply(number, kind, flags, last, data[wire.HEADER_SIZE : end]))
        data = data[end:]
    return found


def whole(environ: Any, start: Any) -> Any:
    """A response of one frame."""
    start("200 OK", [])
    return [environ["PATH_INFO"].encode()]


def blocks(environ: Any, start: Any) -> Any:
    """A response of three frames; the generator has a close()."""
    start("200 OK", [])
    yield b"a"
    yield b"b"


def fails(environ: Any, start: Any) -> Any:
    raise LookupError("as it must")


EACH = {"whole": whole, "blocks": blocks, "fails": fails}
each_application = pytest.mark.parametrize("application", EACH.values(), ids=EACH.keys())


# Several requests in the pipe.

THREE = [request(n, path="/%d" % n) for n in (3, 4, 7)]


@pytest.mark.parametrize(
    "reads",
    [
        THREE,
        [b"".join(THREE)],
        [b"".join(THREE)[: len(THREE[0]) + 5], b"".join(THREE)[len(THREE[0]) + 5 :]],
        [bytes([byte]) for byte in b"".join(THREE)],
    ],
    ids=["one per read", "all in one read", "cut within a header", "byte by byte"],
)
def test_requests_are_served_in_order(front: Front, reads: list[bytes]) -> None:
    answers = front.serve(whole, *reads)
    assert [(answer.number, answer.kind, answer.flags) for answer in answers] == [
        (number, wire.RESPONSE, FINAL) for number in (3, 4, 7)
    ]
    assert [answer.payload[-2:] for answer in answers] == [b"/3", b"/4", b"/7"]


@pytest.mark.skipif(not O_DIRECT or not hasattr(os, "pipe2"), reason="no pipes in packet mode")
def test_a_read_of_packets_takes_no_more_than_it_serves(front: Front) -> None:
    """What the worker has not begun can be taken back: it is in the pipe still."""
    theirs, requests = os.pipe2(O_DIRECT | os.O_CLOEXEC)
    answers, responses = os.pipe()
    for frame in THREE:
        os.write(requests, frame)
    os.close(requests)

    def application(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] == "/3":
            assert os.read(theirs, 4096) == THREE[1]  # as the front takes back
        return whole(environ, start)

    pipes = Pipes(theirs, responses)
    front.run(pipes, application)
    pipes.close()
    with open(answers, "rb") as file:
        assert [answer.number for answer in replies(file.read())] == [3, 7]
    assert front.word(DONE) == 7


@each_application
def test_begun_and_done(front: Front, application: Any) -> None:
    """The next request begins when the one before is done, whatever became of it."""
    seen = []

    def watched(environ: Any, start: Any) -> Any:
        seen.append((front.word(BEGUN, 1), front.word(DONE, 1)))
        return application(environ, start)

    front.serve(watched, b"".join(THREE), index=1)
    assert seen == [(3, 0), (4, 3), (7, 4)]
    assert front.words.tolist() == [0] * WORDS + [7, 0, 7, 0]


def test_done_follows_close(front: Front) -> None:
    seen = []

    class Result:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"x"])

        def close(self) -> None:
            seen.append((front.word(BEGUN), front.word(DONE)))

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return Result()

    front.serve(application, b"".join(THREE))
    assert seen == [(3, 0), (4, 3), (7, 4)]
    assert front.word(DONE) == 7


@each_application
def test_a_done_frame_for_who_asks(front: Front, application: Any) -> None:
    """A response that has freed its slot needs none, whatever the word says."""
    front.words[ASKED] = 4
    answers = front.serve(application, b"".join(THREE))
    done = [answer for answer in answers if answer.kind == wire.DONE]
    wanted = [] if application is whole else [Reply(4, wire.DONE, wire.FREE, 0, b"")]
    assert done == wanted
    numbers = [answer.number for answer in answers]
    assert numbers == sorted(numbers)  # it comes before the next answer


def test_a_failure_is_of_one_request(front: Front) -> None:
    def application(environ: Any, start: Any) -> Any:
        return (fails if environ["PATH_INFO"] == "/4" else whole)(environ, start)

    answers = front.serve(application, b"".join(THREE))
    assert [answer.kind for answer in answers] == [wire.RESPONSE, wire.ERROR, wire.RESPONSE]


def test_environ_is_of_one_request(front: Front) -> None:
    seen = []

    def application(environ: Any, start: Any) -> Any:
        environ["wsgi.errors"].write("unfinished line")
        seen.append((environ["highball.request_id"], environ["base"], environ.pop("mark", None)))
        environ["mark"] = environ["base"] = "by the application"
        return whole(environ, start)

    front.serve(application, b"".join(THREE[:2]))
    assert seen == [("id-3", "of all", None), ("id-4", "of all", None)]
    assert front.logged == [("errors", "unfinished line", name) for name in ("id-3", "id-4")]


def test_a_request_behind_one_that_streams(front: Front) -> None:
    """A body's pieces are read by whoever asks for them, and no byte more."""

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    pieces = [wire.frame(wire.BODY, b"ab", 3), wire.frame(wire.BODY, b"cd", 3, wire.END)]
    answers = front.serve(application, request(3, body=None), *pieces, request(4, body=b"ef"))
    bodies = [answer.payload[-4:] for answer in answers if answer.kind == wire.RESPONSE]
    assert bodies[0] == b"abcd"
    assert bodies[1][-2:] == b"ef"


# Bodies in files.


def give(front: Front, text: bytes) -> int:
    """Puts a file with this text on the lane; returns its size."""
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        wire.send_fd(front.lane, file.fileno())
    return len(text)


def test_a_body_in_a_file(front: Front) -> None:
    seen: list[Any] = []

    def application(environ: Any, start: Any) -> Any:
        stream = environ["wsgi.input"]
        seen.append(stream)
        fd = stream.fileno()
        assert not os.get_inheritable(fd)
        assert stream.read(4) == b"one\n"
        assert (stream.tell(), stream.seekable(), os.fstat(fd).st_size) == (4, True, 7)
        assert stream.readlines() == [b"two"]
        stream.seek(0)
        assert stream.read() == b"one\ntwo"
        assert stream.read(5) == b""
        return Closes(lambda: seen.append(stream.closed))

    class Closes(list[bytes]):
        def __init__(self, close: Callable[[], None]) -> None:
            super().__init__([b"x"])
            self.close = close

    def started(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return application(environ, start)

    size = give(front, b"one\ntwo")
    open_before = os.listdir("/dev/fd")
    front.serve(started, request(3, body=size))
    assert front.logged == []
    assert seen[1:] == [False]  # in close()
    assert seen[0].closed
    assert len(os.listdir("/dev/fd")) == len(open_before)


def test_files_stay_in_step(front: Front) -> None:
    """Each request has its own file, also after one that does as it likes with it."""

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        if environ["PATH_INFO"] == "/closes":
            os.close(environ["wsgi.input"].fileno())
        elif environ["PATH_INFO"] == "/detaches":
            environ["wsgi.input"].detach()
        elif environ["PATH_INFO"] == "/fails":
            raise LookupError
        else:
            return [environ["wsgi.input"].read()]
        return []

    for number, path in enumerate(("/closes", "/detaches", "/fails", "/leaves")):
        size = give(front, b"unread")
        front.serve(application, request(2 * number + 1, path=path, body=size))
        size = give(front, b"read %d" % number)
        (answer,) = front.serve(application, request(2 * number + 2, body=size))
        assert answer.payload.endswith(b"read %d" % number)


def test_a_file_that_cannot_be_opened(front: Front) -> None:
    """The byte comes without its descriptor: the request fails, the next one is well."""
    front.lane.send(b"\0")
    size = give(front, b"the next")

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return [environ["wsgi.input"].read()]

    answers = front.serve(application, request(1, body=5), request(2, body=size))
    kinds = [answer.kind for answer in answers]
    assert kinds == [wire.ERROR, wire.RESPONSE]
    assert b"too many open files" in answers[0].payload
    assert answers[1].payload.endswith(b"the next")


def test_children_have_no_bodies_of_others(front: Front) -> None:
    """A child that a request forks has its own body; those of other threads are closed."""
    forks.guard()
    other = tempfile.TemporaryFile()  # noqa: SIM115
    thread = threading.Thread(target=forks.hold, args=(other,))
    thread.start()
    thread.join()

    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        reader, writer = os.pipe()
        if os.fork() == 0:
            with open(writer, "wb") as pipe:
                pipe.write(b"%r %s" % (other.closed, environ["wsgi.input"].read()))
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as pipe:
            return [pipe.read()]

    size = give(front, b"mine")
    try:
        (answer,) = front.serve(application, request(1, body=size))
        assert answer.payload.endswith(b"True mine")
        assert not other.closed
    finally:
        forks.release(other)
        other.close()


# Measured requests.


class FakeMeter:
    """Says 500 for the first request, 501 for the second."""

    made: list[tuple[Any, int]]
    doubtful = False

    def __init__(self, words: Any, index: int) -> None:
        self._took = 500 + len(self.made)
        self.made.append((words, index))

    def took(self) -> int:
        return self._took


@pytest.fixture
def meters(monkeypatch: pytest.MonkeyPatch) -> type[FakeMeter]:
    FakeMeter.made = []
    monkeypatch.setattr(slot_module, "Meter", FakeMeter)
    return FakeMeter


MIXED = b"".join([request(1), request(2, wire.MEASURE), request(3), request(4, wire.MEASURE)])


def test_who_is_measured(front: Front, meters: type[FakeMeter]) -> None:
    answers = front.serve(whole, MIXED, index=1)
    assert [answer.last for answer in answers] == [0, 500, 0, 501]
    assert [answer.flags for answer in answers] == [FINAL] * 4
    assert meters.made == [(front.words, 1)] * 2


def test_the_last_frame_of_several_says_it(front: Front, meters: type[FakeMeter]) -> None:
    front.words[ASKED] = 2
    answers = front.serve(blocks, request(1), request(2, wire.MEASURE))
    assert [(answer.kind, answer.flags, answer.last) for answer in answers] == [
        (wire.RESPONSE, 0, 0),
        (wire.BLOCK, 0, 0),
        (wire.BLOCK, wire.END, 0),
        (wire.RESPONSE, 0, 0),
        (wire.BLOCK, 0, 0),
        (wire.BLOCK, wire.END, 500),
        (wire.DONE, wire.FREE, 0),
    ]


def test_a_failure_says_nothing(front: Front, meters: type[FakeMeter]) -> None:
    answers = front.serve(fails, request(1, wire.MEASURE))
    assert [(answer.kind, answer.flags, answer.last) for answer in answers] == [
        (wire.ERROR, wire.END, 0)
    ]


def test_a_file_counts_its_descriptor(front: Front, meters: type[FakeMeter]) -> None:
    def application(environ: Any, start: Any) -> Any:
        start("200 OK", [])
        return FileWrapper(open(__file__, "rb"))

    answers = front.serve(application, request(1, wire.MEASURE))
    assert [(answer.kind, answer.flags, answer.last) for answer in answers] == [
        (wire.FILE, wire.END, 1)
    ]
    _, fds, _, _ = socket.recv_fds(front.lane, 1, 1)
    os.close(fds[0])


def test_each_request_has_a_meter_of_its_own(front: Front) -> None:
    """With the real one: the second took no part of the first one's time."""

    def application(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] == "/slow":
            time.sleep(0.004)
        return whole(environ, start)

    slow, quick = request(1, wire.MEASURE, "/slow"), request(2, wire.MEASURE, "/quick")
    answers = front.serve(application, slow + quick)
    assert answers[0].last >= 4000
    assert 1 <= answers[1].last < 4000


@pytest.mark.parametrize("flags", [0, wire.MEASURE], ids=["not measured", "measured"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another"])
def test_doubt(front: Front, flags: int, beside: bool) -> None:
    def application(environ: Any, start: Any) -> Any:
        if beside:
            front.words[WORDS + BEGUN] += 1
        time.sleep(0.001)
        return whole(environ, start)

    [answer] = front.serve(application, request(1, flags))
    assert bool(answer.flags & wire.DOUBT) == bool(flags and beside)
    assert bool(answer.last) == bool(flags)


# What is no request.


@pytest.mark.parametrize(
    "sent",
    [
        wire.frame(wire.BODY, b"", 1),
        wire.HEADER.pack(wire.MAX_MESSAGE + 1, 1, wire.REQUEST, 0, 0),
        request(1)[:-1],
    ],
    ids=["another type", "too long", "cut"],
)
def test_refuses(front: Front, sent: bytes) -> None:
    with pytest.raises(wire.WireError):
        front.serve(whole, request(9), sent)
    assert (front.word(BEGUN), front.word(DONE)) == (9, 9)
