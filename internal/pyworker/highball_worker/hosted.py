"""A worker that is threads of a program, which goes on when they have ended.

The front takes the program for a zygote whose one child is the program itself. Which
threads serve, and when, is the program's to say: a slot serves one request for each call.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Callable

from . import environ, forks, native, wire
from .control import Control
from .hooks import Hooks
from .loading import Application, failed, load
from .meter import Meter
from .pipes import Pipes
from .slot import Slot
from .target import Loaded
from .worker import receive_slots

_NO_HOOKS = {
    "message": "hooks are for workers that are forked, and the application is served in threads"
    " of the program that made it",
    "tried": [],
    "hint": "use highball.serve, or call what is to happen in the program",
    "traceback": "",
}


class HostedControl(Control):
    """Its thread ends when the front has gone, and the program does not."""

    def _lost(self) -> None:
        pass

    def close(self) -> None:
        sock = self.channel.sock
        forks.abandon(sock)
        try:
            sock.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a close would not
        except OSError:
            pass
        self.join()
        sock.close()


class HostedSlot(Slot):
    """Serves one request at a time, for whoever calls."""

    sock: Pipes
    _rest = b""  # that was received and not served

    @property
    def pending(self) -> bool:
        return len(self._rest) >= wire.HEADER_SIZE

    def fileno(self) -> int:
        return self.sock.fileno()

    def serve_one(self, application: Callable[..., Any], base: dict[str, Any]) -> bool:
        """False if there was no request after all: the front has taken it back.

        Raises EOFError when the front wants no more.
        """
        if self.thread != native.get_ident():
            self.thread = native.get_ident()
            self.interruption.move()
        data = self._rest or self._received()
        if not data:
            return False
        while len(data) < wire.HEADER_SIZE:
            data += self._exactly(wire.HEADER_SIZE - len(data))
        length, number, kind, flags, _fds = wire.HEADER.unpack(data[: wire.HEADER_SIZE])
        if kind != wire.REQUEST or length > wire.MAX_MESSAGE:
            raise wire.WireError("want a request, have type %d of %d bytes" % (kind, length))
        end = wire.HEADER_SIZE + length
        if len(data) < end:
            data += self._exactly(end - len(data))
        payload, self._rest = data[wire.HEADER_SIZE : end], data[end:]
        meter = Meter(self._words, self._index) if flags & wire.MEASURE else None
        self.request(application, base, number, payload, meter)
        return True

    def _received(self) -> bytes:
        """What is there. A packet is read whole or not at all, and others read as well."""
        fd = self.fileno()
        os.set_blocking(fd, False)
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return b""
        finally:
            os.set_blocking(fd, True)
        if not data:
            raise EOFError
        return data

    def close(self) -> None:
        forks.abandon(self.sock, self.lane)
        self.sock.close()
        self.lane.close()
        self._words.release()  # with the last of them goes the mapping, and its descriptor


class Hosted:
    """The program's end of all that it shares with the front."""

    def __init__(self, sock: socket.socket, application: Callable[..., Any], name: str) -> None:
        self.sock = sock
        self.channel = wire.Channel(sock)
        self._given = Loaded(application, name, "object")
        self._application: Application | None = None
        self._config: dict[str, Any] = {}
        self.base: dict[str, Any] = {}
        self.slots: list[HostedSlot] = []
        self._control: HostedControl | None = None
        forks.guard(sock)

    @property
    def serve(self) -> Callable[..., Any]:
        assert self._application is not None
        return self._application.serve

    def start(self) -> None:
        """Returns when the slots are there. Raises EOFError if the front ends before."""
        while not self.slots:
            if not self.obey():
                raise EOFError

    def obey(self) -> bool:
        """Obeys one command of the front; False if it has gone."""
        try:
            message = self.channel.receive()
            if message is None:
                return False
            if message.kind == wire.LOAD:
                self._load(wire.options(message.value()))
            elif message.kind == wire.FORK:
                self._equip(wire.options(message.value())["id"], message.fds)
        except (OSError, wire.WireError):
            return False
        return True

    def _load(self, config: dict[str, Any]) -> None:
        self._config = config
        self._application = (
            failed(_NO_HOOKS) if config["hooks"] else load(config, given=self._given)
        )
        failure = self._application.failure
        if failure is not None:
            self.channel.send(wire.FAILED, failure)
            return
        self.base = environ.base(config)
        self.channel.send(wire.LOADED, {"warnings": [], "sockets": []})

    def _equip(self, identifier: int, fds: list[int]) -> None:
        """fds: the control socket, and what only a process has use for."""
        for fd in fds[1:]:
            os.close(fd)
        if self._control is not None:
            os.close(fds[0])
            text = "the threads of the program that serve are not replaced"
            self.channel.send(wire.FORKED, {"id": identifier, "pid": 0, "error": text})
            return
        sock = native.make_socket(fileno=fds[0])
        forks.guard(sock)
        self._control = control = HostedControl(sock)
        self.channel.send(wire.FORKED, {"id": identifier, "pid": os.getpid()})
        self.slots = receive_slots(control, HostedSlot) or []
        hooks = Hooks()
        control.start(self.slots, hooks, hooks.next_worker())
        assert self._application is not None
        report = self._application.report()
        report["dump"] = 0  # the program's signals are its own
        control.send(wire.READY, report)

    def drain(self, timeout: float) -> None:
        """Waits until the front has closed the slots: it has been told to end."""
        for slot in self.slots:
            poll = native.poll()
            poll.register(slot, 0)  # the end is always told, and requests are not to be
            poll.poll(timeout * 1000)

    def close(self) -> None:
        for slot in self.slots:
            slot.close()
        if self._control is not None:
            self._control.close()
        forks.abandon(self.sock)
        self.sock.close()
