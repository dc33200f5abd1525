"""Frames between the front and this process; the twin of internal/wire (PROTOCOL.md)."""

import array
import errno
import marshal
import os
import socket
import struct
from typing import Any, NamedTuple, Optional

HEADER = struct.Struct("<IIBBH")  # length, number, type, flags, descriptors
HEADER_SIZE = HEADER.size
MAX_MESSAGE = 8 << 20
MAX_FDS = 64

REQUEST = 1
BODY = 2
RESPONSE = 16
BLOCK = 17
FILE = 18
ERROR = 19
READ = 20
HINTS = 21
DONE = 22

LOAD = 32
LOADED = 33
FAILED = 34
FORK = 35
FORKED = 36
EXITED = 37
SETUP = 38
SLOT = 39
READY = 40
LOG = 41
TRACE = 42
STACKS = 43
STACKED = 44
INTERRUPT = 45
INTERRUPTED = 46
GIVE_UP = 47
GIVEN_UP = 48
HOOK = 49
HOOKED = 50
FILES = 60

END = 1
FREE = 2
ABORT = 4
CUT = 8
MEASURE = 16
DOUBT = 32

_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class WireError(BaseException):
    """The socket to the front is closed or out of step: this process must go.

    No Exception, so that an application's `except Exception` does not hide it.
    """


class Message(NamedTuple):
    """A structured frame of a control socket."""

    kind: int
    number: int
    payload: bytes
    fds: list[int]

    def value(self) -> Any:
        return marshal.loads(self.payload)


def frame(kind: int, payload: bytes, number: int = 0, flags: int = 0, fds: int = 0) -> bytes:
    return HEADER.pack(len(payload), number, kind, flags, fds) + payload


def dumps(value: Any) -> bytes:
    """Marshal format 2 has no references, which the front does not read."""
    return marshal.dumps(value, 2)


# The longest text of a log line or traceback, in characters: frames have a limit.
LONGEST_TEXT = 1 << 20


def text(value: str) -> str:
    """Makes any str fit for the wire: lone surrogates have no UTF-8, and frames a limit."""
    more = len(value) - LONGEST_TEXT
    if more > 0:
        value = "%s... (%d characters more)" % (value[:LONGEST_TEXT], more)
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


class Channel:
    """A control socket: structured frames, some with descriptors.

    On a stream socket a plain recv drops descriptors silently, and recvmsg
    joins the bytes before them into the same read; so each read leaves room for
    descriptors, and a frame takes as many from the queue as it declares.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._bytes = b""
        self._fds: list[int] = []

    @property
    def pending(self) -> bool:
        """More than the last message has been read."""
        return bool(self._bytes)

    def receive(self) -> Optional[Message]:
        """The next message; None when the front has closed the socket."""
        head = self._take(HEADER_SIZE)
        if head is None:
            return None
        length, number, kind, _flags, nfds = HEADER.unpack(head)
        if length > MAX_MESSAGE or nfds > MAX_FDS:
            raise WireError("a message of %d bytes with %d descriptors" % (length, nfds))
        payload = self._take(length)
        if payload is None or len(self._fds) < nfds:
            raise WireError("a message ended early")
        fds, self._fds = self._fds[:nfds], self._fds[nfds:]
        return Message(kind, number, payload, fds)

    def send(self, kind: int, value: Any, fds: Optional[list[int]] = None) -> None:
        data = frame(kind, dumps(value), fds=len(fds or ()))
        if not fds:
            self.sock.sendall(data)
            return
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        sent = self.sock.sendmsg([data], rights)
        self.sock.sendall(data[sent:])

    def _take(self, count: int) -> Optional[bytes]:
        while len(self._bytes) < count:
            if not self._fill():
                if self._bytes:
                    raise WireError("the front closed the socket within a message")
                return None
        data, self._bytes = self._bytes[:count], self._bytes[count:]
        return data

    def _fill(self) -> bool:
        data, fds = _receive(self.sock, 65536, MAX_FDS)
        self._fds.extend(fds)
        self._bytes += data
        return bool(data)


def _receive(sock: socket.socket, size: int, count: int) -> tuple[bytes, "array.array[int]"]:
    """Up to size bytes, and the descriptors that came with them."""
    fds = array.array("i")
    room = socket.CMSG_SPACE(count * fds.itemsize)
    data, ancillary, _flags, _address = sock.recvmsg(size, room, _CLOEXEC)
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    if not _CLOEXEC:  # PyPy: programs that the application starts must not have them
        for fd in fds:
            os.set_inheritable(fd, False)
    return data, fds


def send_fd(lane: socket.socket, fd: int) -> None:
    """Puts one descriptor on a slot's lane."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    lane.sendmsg([b"\0"], rights)


def receive_fd(lane: socket.socket) -> int:
    """Takes one descriptor from a slot's lane."""
    data, fds = _receive(lane, 1, 1)
    if not data:
        raise WireError("the front closed the lane")
    if len(fds) != 1:  # the byte has come, so that the lane is still in step
        raise OSError(
            errno.EMFILE,
            "the request's body cannot be opened: this process has too many open files",
        )
    return fds[0]


def options(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise WireError("want a dict")
    return value
