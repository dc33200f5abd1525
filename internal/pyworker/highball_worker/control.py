"""The control socket of a worker: its thread, and what the worker tells the front."""

import os
import socket
import sys
import threading
import traceback
from typing import Any

from . import wire


class Control:
    """Messages to and from the front beside the slots."""

    def __init__(self, sock: socket.socket) -> None:
        self.channel = wire.Channel(sock)
        self._lock = threading.Lock()
        self.names: dict[int, str] = {}  # of the slots' threads, by identifier

    def send(self, kind: int, value: Any) -> None:
        with self._lock:
            self.channel.send(kind, value)

    def log(self, kind: str, text: str, request_id: str = "") -> None:
        """kind: "errors" (a line of wsgi.errors) or "error" (the server's own remark)."""
        try:
            self.send(wire.LOG, (kind, wire.text(text), request_id))
        except OSError:
            pass  # the front is going, and this process with it

    def start(self) -> None:
        threading.Thread(target=self._run, name="highball-control", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                message = self.channel.receive()
            except (wire.WireError, OSError):
                os._exit(70)
            if message is None:
                return  # the slots' pipes close as well: the main thread ends the process
            if message.kind == wire.STACKS:
                self.send(wire.STACKED, self.stacks())

    def stacks(self) -> list[Any]:
        """(thread's identifier, name, stack) of all threads, as text."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        return [
            (ident, names.get(ident, "?"), wire.text("".join(traceback.format_stack(frame))))
            for ident, frame in sys._current_frames().items()
            if ident != threading.get_ident()
        ]
