"""The zygote: a single-threaded process that forks the workers of one generation.

With preload it imports the application first, so that the workers share its
memory. It reaps them and reports how they ended.
"""

import gc
import itertools
import os
import signal
import socket
import sys
from typing import Any, NamedTuple, Optional

from . import connections, forks, hooks, names, native, preload, signals, uwsgi_entry, wire
from .loading import Application, load


class Child(NamedTuple):
    """Returned by serve() in a new worker: what it runs on."""

    fds: list[int]
    config: dict[str, Any]
    application: Optional[Application]
    hooks: hooks.Hooks
    worker: Any
    number: int  # among those that run, from 1 on


class Zygote:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.channel = wire.Channel(sock)
        self._lock = native.allocate_lock()  # of what is sent
        self.config: dict[str, Any] = {}
        self.application: Optional[Application] = None
        self.hooks = hooks.Hooks()
        self.children: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}  # of the children
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
            if not self.channel.pending:  # what is read already wakes nobody
                ready, _, _ = native.wait_for([self.sock, wakeup], [], [])
                if wakeup in ready:
                    _drain(wakeup)
                    self._reap()
                if self.sock not in ready:
                    continue
            message = self.channel.receive()
            if message is None:
                self._reap()
                self.hooks.notify("on_exit")
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
        native.set_handler(signal.SIGCHLD, lambda signum, frame: None)

    def _obey(self, message: wire.Message) -> Optional[Child]:
        if message.kind == wire.LOAD:
            self._load(wire.options(message.value()))
        elif message.kind == wire.FORK:
            return self._fork(wire.options(message.value())["id"], message.fds)
        elif message.kind == wire.HOOK:
            self._call(wire.options(message.value()))
        return None

    def _call(self, order: dict[str, Any]) -> None:
        failure = self.hooks.told(order)
        answer = {"id": order["id"]} if failure is None else {"id": order["id"], "failure": failure}
        self._send(wire.HOOKED, answer)

    def _load(self, config: dict[str, Any]) -> None:
        self.config = config
        names.rename(config, "zygote")
        uwsgi_entry.install(config["uwsgi"])
        found: dict[str, Any] = {}
        self.hooks = hooks.load(config, self._log)
        failure = self.hooks.failure or self.hooks.starting(config)
        if failure is None and config["preload"]:
            self.application = load(config)
            failure = self.application.failure
            closed = connections.close()  # their sockets are no finding
            found = {**preload.findings(self.own), **closed}  # before hooks make some of their own
        if failure is None:
            failure = self.hooks.started(config, self.application and self.application.serve)
        if failure is not None:
            self._send(wire.FAILED, failure)
            return
        if self.application is not None:
            preload.prepare()
            gc.collect()
            gc.freeze() if hasattr(gc, "freeze") else None
        self._send(wire.LOADED, found)

    def _fork(self, identifier: int, fds: list[int]) -> Optional[Child]:
        worker = self.hooks.next_worker()
        failure = self.hooks.require("pre_fork", worker=worker)
        if failure is not None:
            _close(fds)
            self._send(wire.FORKED, {"id": identifier, "pid": 0, "failure": failure})
            return None
        number = next(n for n in itertools.count(1) if n not in self.numbers.values())
        flush()  # the child would write it once more
        try:
            worker.pid = forks.fork()
        except OSError as exc:  # too many processes, no memory
            _close(fds)
            self._send(wire.FORKED, {"id": identifier, "pid": 0, "error": wire.text(str(exc))})
            return None
        if worker.pid == 0:
            worker.pid = os.getpid()
            forks.close_all()
            names.rename(self.config, "worker")
            preload.renew()
            return Child(fds, self.config, self.application, self.hooks, worker, number)
        _close(fds)
        self.children[worker.pid] = worker
        self.hooks.parent_of(worker)
        self.numbers[worker.pid] = number
        pidfd = _pidfd(worker.pid)
        self._send(wire.FORKED, {"id": identifier, "pid": worker.pid}, pidfd)
        _close(pidfd)
        return None

    def _reap(self) -> None:
        """Only our own children: the application may have made others while it loaded."""
        for pid in list(self.children):
            try:
                done, status = native.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                done, status = pid, 0
            if done:
                worker = self.children.pop(pid)
                del self.numbers[pid]
                worker.alive = False
                self._send(wire.EXITED, {"pid": pid, "status": status})
                self.hooks.reaped(worker)

    def _send(self, kind: int, value: Any, fds: Optional[list[int]] = None) -> None:
        with self._lock:
            self.channel.send(kind, value, fds)

    def _log(self, level: str, text: str) -> None:
        """Hooks may have threads that log."""
        try:
            self._send(wire.LOG, (level, wire.text(text), ""))
        except OSError:
            pass  # the front is gone, or this is a child that a hook has forked


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


def flush() -> None:
    """Writes what was printed and has no end of a line yet."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # they may be the application's own
            pass
