"""start_response, write() and the blocks: PEP 3333's rules for one response.

A Response turns what the application does into frames. Nothing is sent before
the first non-empty block (or write()), and then every block at once.
"""

import marshal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from . import wire
from .filewrapper import FileWrapper, regular_file
from .headers import Headers, check, exact
from .meter import Meter
from .public import ClientDisconnected

if TYPE_CHECKING:
    from .slot import Slot

ExcInfo = Union[
    tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None], None
]

# A body up to this size travels with its head in one frame, in bytes.
INLINE = 65536

# A response that is one frame, of an iterable without close(): nothing follows.
_FINAL = wire.END | wire.FREE


class Response:
    """One response, from the first call of start_response to its last frame."""

    __slots__ = (
        "slot", "number", "status", "headers", "length", "sent", "started", "ended", "bodyless",
        "wrote", "head_method", "freed", "meter", "result",
    )  # fmt: skip

    def __init__(
        self, slot: "Slot", number: int, method: str, meter: Optional[Meter] = None
    ) -> None:
        self.slot = slot
        self.number = number
        self.meter = meter
        self.result: Any = None  # what the application has returned
        self.status: Optional[str] = None
        self.headers: Headers = []
        self.length: Optional[int] = None  # Content-Length as the application gave it
        self.sent = 0  # bytes of the body that were sent
        self.started = False  # the head was sent
        self.ended = False  # the last frame but Done was sent
        self.freed = False  # the last frame said that nothing follows, not even Done
        self.wrote = False  # write() was used
        self.head_method = method == "HEAD"
        self.bodyless = self.head_method

    # What the application calls.

    def start(
        self, status: str, headers: Headers, exc_info: ExcInfo = None, /
    ) -> Callable[[bytes], None]:
        """PEP 3333, "The start_response() Callable"."""
        if exc_info is not None:
            try:
                if self.started and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no circular reference through this frame
        elif self.status is not None:
            raise AssertionError(
                "start_response() was called a second time without exc_info (PEP 3333)"
            )
        self.status = ""  # a call that raises counts as the first one
        self.length = check(status, headers)
        self.status = status
        self.headers = headers[:]
        self.bodyless = self.head_method or status[:3] in ("204", "304")
        return self.write

    def write(self, data: bytes, /) -> None:
        """PEP 3333, "The write() Callable": the data is on its way on return."""
        self.wrote = True
        if self.ended:  # the slot may serve another request by now
            raise AssertionError("write() was called after the response had ended (PEP 3333)")
        if self.slot.client_left(self.number):
            raise ClientDisconnected("the client left")
        if type(data) is not bytes:
            data = _as_bytes(data)
        excess = 0
        if self.length is not None and not self.bodyless:
            excess = self.sent + len(data) - self.length
            if excess > 0:
                data = data[: len(data) - excess]
        if data or not self.started:
            self._send(data)
        if excess > 0:
            raise ValueError(
                "write() of %d bytes more than Content-Length %d (PEP 3333, Handling the "
                "Content-Length Header)" % (excess, self.length or 0)
            )

    def early_hints(self, headers: Headers, /) -> None:
        """103 Early Hints (RFC 8297), as gunicorn's wsgi.early_hints."""
        check("200 OK", headers)
        if not (self.started or self.ended):
            self._send_frame(wire.HINTS, 0, wire.dumps(exact(headers)))

    # What the slot calls with the application's result.

    def consume(self, result: Any) -> None:
        """Sends what the application returned."""
        kind = type(result)
        if kind is list or kind is tuple:
            self._whole(result)
        elif kind is FileWrapper and not (self.wrote or self.slot.client_left(self.number)):
            self._file(result)
        else:
            self._blocks(result)

    def _whole(self, blocks: Union[list[bytes], tuple[bytes, ...]]) -> None:
        """A list or tuple: no code of the application runs between its blocks."""
        if len(blocks) == 1:
            body = blocks[0]
            if type(body) is not bytes:
                body = _as_bytes(body)
        else:
            body = b"".join([b if type(b) is bytes else _as_bytes(b) for b in blocks])
        if self.started:
            if body:
                self._block(body)
            self._finish()
            return
        if self.status is None or self.status == "":
            self._not_started()
        if len(body) > INLINE:
            if self.length is None and not self.bodyless_status():
                self._add_length(len(body))
            self._block(body)
            self._finish()
        else:
            self._one_frame(body)

    def _one_frame(self, body: bytes) -> None:
        length = self.length
        size = len(body)
        if length is None or length == size:
            self._respond(body, _FINAL)
        elif self.bodyless:
            self._respond(b"", _FINAL)
        else:
            self._block(body)
            self._finish()

    def _blocks(self, result: Any) -> None:
        """Any other iterable: each block is sent before the next is asked for."""
        iterator = iter(result)
        left = self.slot.client_left
        for block in iterator:
            if type(block) is not bytes:
                block = _as_bytes(block)
            if left(self.number):
                raise ClientDisconnected("the client left")
            if block and self._block(block):
                break  # complete: PEP 3333 has the server stop here
        self._finish()

    def _block(self, data: bytes) -> bool:
        """Sends one block, cut to Content-Length; true when nothing more is wanted."""
        length = self.length
        if length is None or self.bodyless:
            self._send(data)
            return self.bodyless
        room = length - self.sent
        if len(data) > room:
            self.slot.complain(
                "the response is longer than its Content-Length of %d bytes and was cut "
                "(PEP 3333, Handling the Content-Length Header)" % length
            )
            data = data[:room]
        if not self.started and len(data) == room and room <= INLINE:
            self._respond(data, wire.END)
            return True
        if data or not self.started:
            self._send(data)
        return self.sent >= length

    def _send(self, data: bytes) -> None:
        self.sent += len(data)
        if self.started:
            if not self.bodyless:
                self._send_frame(wire.BLOCK, 0, data)
            return
        if self.bodyless:
            self._respond(b"", 0)
        elif len(data) <= INLINE:
            self._respond(data, 0)
        else:
            self._respond(b"", 0)
            self._send_frame(wire.BLOCK, 0, data)

    def _respond(self, body: bytes, flags: int) -> None:
        if not self.status:
            self._not_started()
        try:
            payload = marshal.dumps((self.status, self.headers, body), 2)
        except ValueError:  # a subclass of str, say
            self.status = str.__str__(self.status or "")
            self.headers = exact(self.headers)
            payload = marshal.dumps((self.status, self.headers, body), 2)
        if flags:
            self._end()
            self.freed = bool(flags & wire.FREE)
            self.sent = len(body)
        self.started = True
        self._send_frame(wire.RESPONSE, flags, payload)

    def _end(self) -> None:
        """Before the last frame: it is sent for certain, nothing interrupts any more."""
        self.slot.interruption.hold()
        self.ended = True

    def _send_frame(self, kind: int, flags: int, payload: bytes) -> None:
        """Sends a frame, whole. Flags are those of the last one, after _end()."""
        took = 0
        if not flags:
            held = self.slot.interruption.hold()
            try:
                self.slot.send(kind, self.number, 0, payload)
            finally:
                if held:
                    self.slot.interruption.release()
            return
        if self.meter is not None:
            took = self.meter.took()
            if self.meter.doubtful:
                flags |= wire.DOUBT
        self.slot.send(kind, self.number, flags, payload, took)

    def _finish(self) -> None:
        """The iterable ended."""
        if self.ended:
            return
        if not self.started:
            # An iterable without any block: the head goes now. A short body, too.
            short = bool(self.length) and not self.bodyless
            self._respond(b"", 0 if short else wire.END)
            if not short:
                return
        short = self.length is not None and self.sent < self.length and not self.bodyless
        if short:
            self.slot.complain(
                "the response has %d bytes of the %d that its Content-Length promises; the "
                "connection is closed (PEP 3333, Handling the Content-Length Header)"
                % (self.sent, self.length or 0)
            )
        self._end()
        self._send_frame(wire.BLOCK, wire.END | (wire.CUT if short else 0), b"")

    def _file(self, wrapper: FileWrapper) -> None:
        """Hands a regular file's descriptor to the front; all else is iterated."""
        found = None if self.bodyless_status() else regular_file(wrapper.filelike)
        if found is None or self.started:
            self._blocks(wrapper)
            return
        fd, offset, size = found
        if not self.status:
            self._not_started()
        if self.length is None:
            self._add_length(size)
        count = min(size, self.length or 0)
        if self.head_method or count == 0:
            self._blocks(()) if count == 0 else self._respond(b"", wire.END)
            return
        head = (str.__str__(self.status or ""), exact(self.headers), offset, count)
        self._end()
        self.started = True
        self.sent = count
        self.slot.send_file(self.number, wire.dumps(head), fd)
        if count < (self.length or 0):
            self.slot.complain(
                "the file has %d bytes of the %d that its Content-Length promises"
                % (size, self.length or 0)
            )

    def bodyless_status(self) -> bool:
        return (self.status or "")[:3] in ("204", "304")

    def _add_length(self, size: int) -> None:
        self.length = size
        self.headers.append(("Content-Length", str(size)))

    def _not_started(self) -> None:
        raise AssertionError(
            "the application sent no status: start_response() was not called"
            if self.status is None
            else "the application sent no status: start_response() raised"
        )


def _as_bytes(block: Any) -> bytes:
    if isinstance(block, bytes):
        return bytes(block)
    raise TypeError(
        "the application's body must be made of bytes, not %s (PEP 3333, Handling Unicode)"
        % type(block).__name__
    )
