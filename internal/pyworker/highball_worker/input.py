"""wsgi.input: PEP 3333, "Input and Error Streams".

A body that came whole is a BytesIO, or if it is large a buffered file. One that
streams is Python's own BufferedReader over a raw stream that asks the front for
more when it is empty, so that read, readline, readlines and iteration are the
standard library's. All end where the body ends, whatever is asked for.
"""

import io
import struct
from typing import TYPE_CHECKING, Any, Optional

from . import forks, wire
from .public import ClientDisconnected

if TYPE_CHECKING:
    from .slot import Slot

BUFFER = 131072
_WANT = struct.Struct("<I")


class BodyStream(io.RawIOBase):
    """The raw stream: one Read frame to the front for each refill."""

    def __init__(self, slot: "Slot", number: int) -> None:
        super().__init__()
        self._slot: Optional[Slot] = slot
        self._number = number
        self._failure: Optional[str] = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._failure is not None:
            raise ClientDisconnected(self._failure)
        if self._slot is None or not len(buffer):
            return 0
        slot = self._slot
        held = slot.interruption.hold()  # the answer must not stay in the pipe
        try:
            slot.send(wire.READ, self._number, 0, _WANT.pack(len(buffer)))
            length, flags = slot.receive_body(self._number, buffer)
        finally:
            if held:
                slot.interruption.release()
        if flags & wire.ABORT:
            self._slot = None
            self._failure = "the request's body is incomplete: the client left or sent it malformed"
            raise ClientDisconnected(self._failure)
        if flags & wire.END:
            self._slot = None
        return length

    def end(self) -> None:
        """The request is over: a reader kept beyond it finds the end of the body."""
        self._slot = None


def whole(body: bytes) -> io.BytesIO:
    return io.BytesIO(body)


class BodyFile:
    """A body in an unnamed file, whose descriptor is the request's: it ends with it."""

    def __init__(self, fd: int) -> None:
        self._raw = io.FileIO(fd, "rb")
        self.stream = io.BufferedReader(self._raw, BUFFER)
        forks.hold(self._raw)

    def end(self) -> None:
        forks.release(self._raw)
        try:
            self._raw.close()  # not the stream's: the application may have detached that
        except OSError:
            pass  # the application has closed the descriptor itself


def streamed(raw: BodyStream) -> io.BufferedReader:
    return io.BufferedReader(raw, BUFFER)
