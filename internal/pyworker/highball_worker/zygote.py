"""The zygote: a single-threaded process that forks the workers of one generation.

With preload it imports the application first, so that the workers share its
memory. It reaps them and reports how they ended.
"""

import gc
import os
import select
import signal
import socket
import sys
from typing import Any, NamedTuple, Optional

from . import forks, preload, signals, wire
from .loading import Application, load


class Child(NamedTuple):
    """Returned by serve() in a new worker: what it runs on."""

    fds: list[int]
    config: dict[str, Any]
    application: Optional[Application]


class Zygote:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.channel = wire.Channel(sock)
        self.config: dict[str, Any] = {}
        self.application: Optional[Application] = None
        self.children: set[int] = set()
        self.own: set[int] = {sock.fileno()}  # descriptors that are not the application's

    def serve(self) -> Optional[Child]:
        """Obeys the front until it closes the socket (None), or in a child returns at once."""
        wakeup, wake = socket.socketpair()
        wakeup.setblocking(False)
        wake.setblocking(False)
        self._watch_children(wake)
        self.own |= {wakeup.fileno(), wake.fileno()}
        try:
            return self._serve(wakeup, wake)
        finally:
            signal.set_wakeup_fd(-1)  # before the socket is closed

    def _serve(self, wakeup: socket.socket, wake: socket.socket) -> Optional[Child]:
        while True:
            ready, _, _ = select.select([self.sock, wakeup], [], [])
            if wakeup in ready:
                _drain(wakeup)
                self._reap()
            if self.sock not in ready:
                continue
            message = self.channel.receive()
            if message is None:
                self._reap()
                return None
            child = self._obey(message)
            if child is not None:
                for sock in (wakeup, wake, self.sock):
                    sock.close()
                return child
            if message.kind == wire.LOAD:  # the application may have taken the signals
                signals.install()
                self._watch_children(wake)

    def _watch_children(self, wake: socket.socket) -> None:
        """Wakes serve() when a child has ended."""
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)

    def _obey(self, message: wire.Message) -> Optional[Child]:
        if message.kind == wire.LOAD:
            self._load(wire.options(message.value()))
        elif message.kind == wire.FORK:
            return self._fork(wire.options(message.value())["id"], message.fds)
        return None

    def _load(self, config: dict[str, Any]) -> None:
        self.config = config
        if not config["preload"]:
            self.channel.send(wire.LOADED, {"warnings": [], "sockets": []})
            return
        self.application = load(config)
        if self.application.failure is not None:
            self.channel.send(wire.FAILED, self.application.failure)
            return
        _flush()
        preload.prepare()
        gc.collect()
        gc.freeze() if hasattr(gc, "freeze") else None
        self.channel.send(wire.LOADED, preload.findings(self.own))

    def _fork(self, identifier: int, fds: list[int]) -> Optional[Child]:
        try:
            pid = forks.fork()
        except OSError as exc:  # too many processes, no memory
            _close(fds)
            failure = {"id": identifier, "pid": 0, "error": wire.text(str(exc))}
            self.channel.send(wire.FORKED, failure)
            return None
        if pid == 0:
            forks.forget()
            if self.application is not None:
                preload.renew()
            return Child(fds, self.config, self.application)
        _close(fds)
        self.children.add(pid)
        pidfd = _pidfd(pid)
        self.channel.send(wire.FORKED, {"id": identifier, "pid": pid}, pidfd)
        _close(pidfd)
        return None

    def _reap(self) -> None:
        """Only our own children: the application may have made others while it loaded."""
        for pid in list(self.children):
            try:
                done, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                done, status = pid, 0
            if done:
                self.children.discard(pid)
                self.channel.send(wire.EXITED, {"pid": pid, "status": status})


def _pidfd(pid: int) -> list[int]:
    """A descriptor that tells of the child's end; made before it can be reaped."""
    opened = getattr(os, "pidfd_open", None)
    try:
        return [opened(pid)] if opened else []
    except OSError:
        return []


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def _drain(sock: socket.socket) -> None:
    try:
        while sock.recv(4096):
            pass
    except BlockingIOError:
        pass


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
