"""The two pipes of a slot, with the methods of a socket that are used of it.

Two pipes and not one socket: each read from a Unix socket wakes whoever waits to
read at its other end (the kernel tells it that there is room to write), which
costs a context switch of this process for every answer.
"""

import os
from typing import Any

from .native import read, write


class Pipes:
    """Reads requests from one descriptor and writes responses to another."""

    __slots__ = ("_requests", "_responses")

    def __init__(self, requests: int, responses: int) -> None:
        self._requests = requests
        self._responses = responses
        os.set_blocking(requests, True)
        os.set_blocking(responses, True)

    def fileno(self) -> int:
        """What has to be readable for a request."""
        return self._requests

    def recv(self, size: int) -> bytes:
        return read(self._requests, size)

    def recv_into(self, view: Any) -> int:
        return _readv(self._requests, view)

    def sendall(self, data: bytes) -> None:
        sent = write(self._responses, data)
        if sent < len(data):  # a signal came in between
            rest = memoryview(data)[sent:]
            while rest:
                rest = rest[write(self._responses, rest) :]

    def close(self) -> None:
        if self._requests >= 0:
            os.close(self._requests)
            os.close(self._responses)
            self._requests = self._responses = -1


def _readv(fd: int, view: Any) -> int:
    if hasattr(os, "readv"):
        return os.readv(fd, [view])
    data = read(fd, len(view))
    view[: len(data)] = data
    return len(data)
