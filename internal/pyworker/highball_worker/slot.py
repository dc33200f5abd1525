"""A slot: one thread that answers one request at a time, on pipes of its own."""

import marshal
import os
import socket
from typing import TYPE_CHECKING, Any, Callable, Optional, Protocol, Union

from . import wire
from .errors import ErrorStream
from .failure import describe
from .input import BodyFile, BodyStream, streamed, whole
from .interrupt import Interruption
from .meter import Meter
from .native import get_ident
from .public import ClientDisconnected, RequestTimeout
from .response import Response

if TYPE_CHECKING:
    from .dev import Development

_unpack = wire.HEADER.unpack
_pack = wire.HEADER.pack
WORDS = 4  # that a slot shares with the front
_JOIN = 16384  # up to this size a header and its payload go in one send, in bytes


class Stream(Protocol):
    """Pipes, or a socket: both have these."""

    def fileno(self) -> int: ...

    def recv(self, size: int, /) -> bytes: ...

    def recv_into(self, view: Any, /) -> int: ...

    def sendall(self, data: bytes, /) -> None: ...


class Slot:
    """Serves the requests that arrive on its pipe until the front closes it."""

    def __init__(
        self,
        sock: Stream,
        lane: socket.socket,
        words: "memoryview[int]",
        index: int,
        log: Callable[[str, str, str], None],
    ) -> None:
        self.sock = sock
        self.lane = lane
        self._words = words
        self._index = index
        # Words shared with the front, each the number of a request: the one that has
        # begun, the one whose client left, the last one that is done, and the one of
        # which the front wants a frame when it is done.
        self._begun, self._left, self._done, self._asked = range(
            WORDS * index, WORDS * index + WORDS
        )
        self._log = log
        self._pid = os.getpid()
        self._request_id = ""
        self.interruption = Interruption()
        self.thread = 0  # that serves, by its identifier
        self.development: Optional[Development] = None  # shows failures to the client

    def serve(self, application: Callable[..., Any], base: dict[str, Any]) -> None:
        self.thread = get_ident()
        data = b""
        while True:
            while len(data) < wire.HEADER_SIZE:
                more = self.sock.recv(65536)
                if not more:
                    return
                data += more
            length, number, kind, flags, _fds = _unpack(data[: wire.HEADER_SIZE])
            if kind != wire.REQUEST or length > wire.MAX_MESSAGE:
                raise wire.WireError("want a request, have type %d of %d bytes" % (kind, length))
            end = wire.HEADER_SIZE + length
            if len(data) < end:
                data += self._exactly(end - len(data))
            payload, data = data[wire.HEADER_SIZE : end], data[end:]
            meter = Meter(self._words, self._index) if flags & wire.MEASURE else None
            self.request(application, base, number, payload, meter)

    def request(
        self,
        application: Callable[..., Any],
        base: dict[str, Any],
        number: int,
        payload: bytes,
        meter: Optional[Meter] = None,
    ) -> None:
        """One request; its objects end with this call."""
        environ, body = marshal.loads(payload)
        self._words[self._begun] = number
        environ.update(base)
        self._request_id = environ["highball.request_id"]
        response = Response(self, number, environ["REQUEST_METHOD"], meter)
        resource: Union[BodyStream, BodyFile, None] = None  # that ends with the request
        failure: Optional[BaseException] = None
        if type(body) is bytes:
            environ["wsgi.input"] = whole(body)
        elif body is None:
            resource = BodyStream(self, number)
            environ["wsgi.input"] = streamed(resource)
        else:
            try:
                resource = BodyFile(wire.receive_fd(self.lane))
                environ["wsgi.input"] = resource.stream
            except OSError as exc:
                failure = exc
        errors = ErrorStream(self._error_line, self._request_id)
        environ["wsgi.errors"] = errors
        environ["wsgi.early_hints"] = response.early_hints
        try:
            if failure is None:
                failure = self._run(application, environ, response)
        except RequestTimeout as exc:  # it came when our own code ran; it comes once
            failure = exc
        # Nothing is raised here from now on, until the iterable is closed.
        result = response.result
        try:
            if failure is not None:
                self._fail(response, failure, environ)
        finally:
            kind = type(result)
            if kind is not list and kind is not tuple:  # neither has close()
                self._close(result)
            failure = None  # its traceback refers to this frame
        self.interruption.end()
        errors.flush()
        if resource is not None:
            resource.end()
        self._words[self._done] = number
        if not response.freed and self._words[self._asked] == number:
            self.send(wire.DONE, number, wire.FREE, b"")

    def _run(
        self, application: Callable[..., Any], environ: dict[str, Any], response: Response
    ) -> Optional[BaseException]:
        """Runs the application, which may be interrupted; returns what it raised."""
        failure = None
        try:
            self.interruption.begin(response.number)
            response.result = result = application(environ, response.start)
            response.consume(result)
        except BaseException as exc:
            failure = exc
        try:
            self.interruption.hold()
            return failure
        finally:
            failure = None  # its traceback refers to this frame

    def _close(self, result: Any) -> None:
        """PEP 3333: close() is called whatever happened; what it raises is logged."""
        try:
            close = getattr(result, "close", None)
            if close is not None:
                self._interruptible(close)
        except BaseException as exc:
            self.complain("close() of the response failed\n" + describe(exc))

    def _interruptible(self, close: Callable[[], Any]) -> None:
        """Calls close(), once, and when it returns nothing is raised any more."""
        called = False
        try:
            self.interruption.release()
            called = True  # CPython raises nothing between this and the call
            close()
        except RequestTimeout:
            if called:
                raise
            close()
        finally:
            self.interruption.hold()

    def _fail(self, response: Response, exc: BaseException, environ: dict[str, Any]) -> None:
        if os.getpid() != self._pid:
            os._exit(70)  # a child that the application forked has come back to us
        if isinstance(exc, wire.WireError):
            raise exc
        if response.ended:
            self.complain("the application failed after its response\n" + describe(exc))
            return
        left = isinstance(exc, ClientDisconnected)
        if self.development is not None and not (response.started or left):
            self._show(response, exc, environ)
            return
        response.ended = True
        kind = "disconnected" if left else "application"
        self.send(wire.ERROR, response.number, wire.END, wire.dumps((kind, describe(exc))))

    def _show(self, response: Response, exc: BaseException, environ: dict[str, Any]) -> None:
        """A page in place of the response, which has not begun."""
        assert self.development is not None
        self.development.trim(exc)
        self.complain("the application failed\n" + describe(exc))
        try:
            status, headers, body = self.development.page(exc, environ)
        except Exception as second:
            self.complain("the page for it failed\n" + describe(second))
            status, headers, body = "500 Internal Server Error", [], b""
        response.status = None
        response.start(status, headers)
        response.consume([body])

    def client_left(self, number: int) -> bool:
        return self._words[self._left] == number

    def complain(self, text: str) -> None:
        self._log_whole("error", text, self._request_id)

    def _error_line(self, line: str, request_id: str) -> None:
        self._log_whole("errors", line, request_id)

    def _log_whole(self, kind: str, text: str, request_id: str) -> None:
        """The thread that has the lock of the log must not be interrupted."""
        held = self.interruption.hold()
        try:
            self._log(kind, text, request_id)
        finally:
            if held:
                self.interruption.release()

    # The socket.

    def send(self, kind: int, number: int, flags: int, payload: bytes, took: int = 0) -> None:
        """took: what the meter says, on the last frame of a measured request."""
        header = _pack(len(payload), number, kind, flags, took)
        try:
            if len(payload) <= _JOIN:
                self.sock.sendall(header + payload)
            else:
                self.sock.sendall(header)
                self.sock.sendall(payload)
        except OSError as exc:
            raise wire.WireError("the front closed the pipe: %s" % exc) from None

    def send_file(self, number: int, head: bytes, fd: int) -> None:
        wire.send_fd(self.lane, fd)
        self.sock.sendall(_pack(len(head), number, wire.FILE, wire.END, 1) + head)

    def receive_body(self, number: int, buffer: Any) -> tuple[int, int]:
        """Reads the answer to a Read frame into buffer; returns its length and flags."""
        length, answered, kind, flags, _fds = _unpack(self._exactly(wire.HEADER_SIZE))
        if kind != wire.BODY or answered != number or length > len(buffer):
            raise wire.WireError("want a body, have type %d of %d bytes" % (kind, length))
        view = memoryview(buffer)[:length]
        while view:
            count = self.sock.recv_into(view)
            if not count:
                raise wire.WireError("the front closed the pipe within a body")
            view = view[count:]
        return length, flags

    def _exactly(self, count: int) -> bytes:
        parts = []
        while count:
            part = self.sock.recv(min(count, 1 << 20))
            if not part:
                raise wire.WireError("the front closed the pipe within a frame")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
