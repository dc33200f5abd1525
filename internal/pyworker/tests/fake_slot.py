"""A slot without a socket: keeps the frames that a Response sends, answers Read frames."""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from typing import Any, NamedTuple

from highball_worker import wire
from highball_worker.interrupt import Interruption
from highball_worker.response import Response

NUMBER = 7


class Frame(NamedTuple):
    kind: int
    flags: int
    payload: bytes
    took: int = 0

    def response(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and the first block of a Response frame."""
        assert self.kind == wire.RESPONSE
        value: tuple[str, list[tuple[str, str]], bytes] = marshal.loads(self.payload)
        return value


class FakeSlot:
    def __init__(self, body: Iterable[tuple[bytes, int]] = ()) -> None:
        self.interruption = Interruption()
        self.frames: list[Frame] = []
        self.files: list[tuple[Any, int]] = []  # the File frame's value, the descriptor
        self.complaints: list[str] = []
        self.left = False
        self.wanted: list[int] = []  # what each Read frame asked for
        self._body = list(body)

    def send(self, kind: int, number: int, flags: int, payload: bytes, took: int = 0) -> None:
        assert number == NUMBER
        if kind == wire.READ:
            self.wanted.append(int.from_bytes(payload, "little"))
        else:
            self.frames.append(Frame(kind, flags, payload, took))

    def send_file(self, number: int, head: bytes, fd: int) -> None:
        assert number == NUMBER
        self.files.append((marshal.loads(head), fd))

    def receive_body(self, number: int, buffer: Any) -> tuple[int, int]:
        assert number == NUMBER
        data, flags = self._body.pop(0)
        buffer[: len(data)] = data
        return len(data), flags

    def client_left(self, number: int) -> bool:
        assert number == NUMBER
        return self.left

    def complain(self, text: str) -> None:
        self.complaints.append(text)

    @property
    def kinds(self) -> list[int]:
        return [frame.kind for frame in self.frames]

    @property
    def body(self) -> bytes:
        """All that was sent of the response's body."""
        parts = [f.response()[2] if f.kind == wire.RESPONSE else f.payload for f in self.frames]
        return b"".join(parts)

    @property
    def flags(self) -> int:
        """Those of the last frame."""
        return self.frames[-1].flags


def respond(
    result: Any, headers: Any = None, method: str = "GET", status: str = "200 OK"
) -> FakeSlot:
    """Sends one result as the whole response."""
    slot = FakeSlot()
    response = Response(slot, NUMBER, method)  # type: ignore[arg-type]
    response.start(status, [] if headers is None else headers)
    response.consume(result)
    return slot
